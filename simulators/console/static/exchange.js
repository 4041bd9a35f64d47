// One exchange with all that went over the wire.

import { answer, label, time } from "./conversation.js";
import { by, make } from "./elements.js";

// A page that shows a body of megabytes stands still.
const MOST = 20_000;

/** Show a record, or that none is selected. */
export function showExchange(record) {
  by("exchange").replaceChildren(...(record ? parts(record) : [make("p", {}, "Select one of the conversation.")]));
}

function parts(record) {
  const about = ["cause", "i_account", "group", "i_event", "order_id", "reference"].filter((name) => record[name]);
  const ended = record.status ? "answered" : "given up";
  const real = record.duration === null ? "" : `; ${ended} after ${record.duration.toFixed(3)} real seconds`;
  return [
    make("h3", {}, `Record ${record.seq}: ${label(record)}`),
    make("p", {}, `Virtual time ${time(record.virtual_time)}${real}.`),
    make("p", {}, about.map((name) => `${name} ${record[name]}`).join(", ")),
    record.fault ? make("p", { className: "bad" }, `Planned fault: ${record.fault}`) : null,
    ...(record.kind === "fact" ? [make("pre", {}, clipped(JSON.stringify(record.detail, null, 2)))] : wire(record)),
  ].filter(Boolean);
}

function wire(record) {
  return [
    make("h4", {}, "Request"),
    make("pre", {}, `${record.method} ${record.target}\n${headers(record.request_headers)}\n\n${clipped(record.request_body)}`),
    make("h4", {}, `Answer: ${answer(record)}`),
    make("pre", {}, `${headers(record.response_headers)}\n\n${clipped(record.response_body)}`),
  ];
}

function headers(values) {
  return Object.entries(values).map(([name, value]) => `${name}: ${value}`).join("\n");
}

function clipped(text) {
  return text.length <= MOST ? text : `${text.slice(0, MOST)} … and ${text.length - MOST} more characters`;
}
