// The sequence diagram of an account: at most so many rows of the page at a time, the newest at its end.

import { by, make } from "./elements.js";

const ROWS = 300;
const LANES = ["emitter", "provisioner", "portabilling", "oms", "espf"];
const NAMES = { emitter: "ESPF events", provisioner: "provisioner", portabilling: "PortaBilling API", oms: "OMS", espf: "ESPF API", harness: "the harness" };

export class Conversation {
  #rows = new Map();
  #back = 0;
  #shown = [];

  constructor(select) {
    this.select = select;
    this.selected = null;
    this.list = by("conversation");
    this.list.addEventListener("keydown", (event) => this.#walk(event));
    by("older").onclick = () => this.#page(ROWS);
    by("newer").onclick = () => this.#page(-ROWS);
  }

  /** Show the end of some records; what stays keeps its row, and with it the focus. */
  show(records) {
    this.#shown = records;
    this.#back = Math.min(this.#back, Math.max(0, records.length - ROWS));
    const end = records.length - this.#back;
    const wanted = records.slice(Math.max(0, end - ROWS), end);
    const atEnd = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 40;
    const rows = new Map();
    for (const record of wanted) rows.set(record.seq, this.#row(record));
    this.#rows = rows;
    this.list.replaceChildren(...[...rows.values()].map((row) => row.item));
    if (atEnd && this.#back === 0) this.list.scrollTop = this.list.scrollHeight;
    by("older").disabled = end <= ROWS;
    by("newer").disabled = this.#back === 0;
  }

  /** Begin at the end again, as for another account. */
  toEnd() {
    this.#back = 0;
  }

  #page(step) {
    this.#back = Math.max(0, this.#back + step);
    this.show(this.#shown);
  }

  #row(record) {
    const known = this.#rows.get(record.seq);
    const isSelected = record.seq === this.selected;
    if (known?.record === record && known.isSelected === isSelected) return known;
    const row = { record, isSelected, item: make("li", {}, this.#button(record, isSelected)) };
    if (known?.item.contains(document.activeElement)) queueMicrotask(() => row.item.firstChild.focus());
    return row;
  }

  #button(record, isSelected) {
    const element = make("button", { type: "button", className: `exchange ${kind(record)}`, onclick: () => this.select(record.seq) });
    element.setAttribute("aria-current", String(isSelected));
    element.setAttribute("aria-label", sentence(record));
    element.append(make("span", { className: "when" }, time(record.virtual_time)), arrow(record));
    return element;
  }

  #walk(event) {
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    const item = document.activeElement?.closest("#conversation > li");
    if (!step) return;
    event.preventDefault();
    (item ? item[step] : this.list.lastElementChild)?.firstChild.focus();
  }
}

/** A virtual time as people read it. */
export function time(seconds) {
  return new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ");
}

/** What was asked or told, in a few words. */
export function label(record) {
  const detail = record.detail;
  const words = {
    event: [detail.event_type],
    order: ["order", detail.action, ...(detail.services ?? [])],
    notification: [detail.service, detail.state],
    status: [detail.group, detail.status],
    account: ["account", detail.i_account, "is", detail.id, detail.bill_status],
  }[record.operation] ?? [record.operation];
  return words.filter(Boolean).join(" ") || `${record.method} ${record.target}`;
}

/** What was answered, in a few words. */
export function answer(record) {
  if (record.status === null) return "not answered yet";
  return record.status ? `answered ${record.status}` : "no answer";
}

function sentence(record) {
  const fault = record.fault ? `, fault ${record.fault}` : "";
  if (record.kind === "fact") return `${time(record.virtual_time)}: ${label(record)}`;
  return `${time(record.virtual_time)}: ${NAMES[record.source]} to ${NAMES[record.destination]}: ${label(record)}, ${answer(record)}${fault}`;
}

function kind(record) {
  if (record.kind === "fact") return "fact";
  return record.fault || record.status === 0 || record.status >= 400 ? "refused" : "";
}

function arrow(record) {
  const [from, to] = [LANES.indexOf(record.source), LANES.indexOf(record.destination)];
  if (record.kind === "fact") return make("span", { className: "arrow" }, label(record));
  const came = record.status === null ? "…" : record.status || "no answer";
  const shown = `${label(record)} (${record.fault ? "fault, " : ""}${came})`;
  const element = make("span", { className: `arrow ${to > from ? "right" : "left"}` }, shown);
  // Lane 0 stands in the second column, behind the time.
  element.style.gridColumn = `${Math.min(from, to) + 2} / ${Math.max(from, to) + 3}`;
  return element;
}
