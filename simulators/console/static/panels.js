// What stands beside the conversation: the accounts, the open orders, the timers, the faults, the clock.

import { button, by, make } from "./elements.js";

// A world of thousands of accounts is looked at by its first ones.
const MOST_ACCOUNTS = 200;
const MOST_ORDERS = 50;
const DECISIONS = [
  ["Complete", ["completed"]],
  ["Fail", ["failed"]],
  ["Retry", ["retrying"]],
  ["Complete twice", ["completed", "completed"]],
];
// What can happen: an effect, with what it needs, and whether it strikes answers or what is sent.
export const FAULTS = {
  "answer 503 in place of the work": { effect: "answer", status: 503 },
  "answer 503 after the work": { effect: "answer", status: 503, after: true },
  "reset before the work": { effect: "reset" },
  "reset after the work": { effect: "reset", after: true },
  "delay by 10 virtual minutes": { effect: "delay", seconds: 600 },
  "hang": { effect: "hang" },
  "body cut in its middle": { effect: "truncate" },
  "body that is no JSON": { effect: "malformed" },
  "wrong content type": { effect: "content-type" },
  "sent twice (what the simulators send)": { effect: "duplicate" },
  "never sent (what the simulators send)": { effect: "drop" },
  "sent behind the next (what the simulators send)": { effect: "reorder" },
};

/** Show the accounts with their status per group; `select` is told of the one that is chosen. */
export function showAccounts(accounts, statuses, { selected, select }) {
  const groups = [...new Set(statuses.map((status) => status.group))].sort();
  const stored = new Map(statuses.map((status) => [`${status.i_account}/${status.group}`, status.status]));
  const columns = ["i_account", "id", "bill_status", ...groups];
  by("account-columns").replaceChildren(make("tr", {}, ...columns.map((name) => make("th", { scope: "col" }, name))));
  const rows = accounts.slice(0, MOST_ACCOUNTS).map((account) => {
    const chosen = button(String(account.i_account), () => select(account.i_account));
    chosen.setAttribute("aria-pressed", String(account.i_account === selected));
    const cells = groups.map((group) => badge(stored.get(`${account.i_account}/${group}`)));
    const state = account.bill_status + (account.blocked ? ", blocked" : "");
    return make("tr", {}, make("td", {}, chosen), make("td", {}, account.id), make("td", {}, state), ...cells);
  });
  keepFocus(by("accounts"), rows);
}

function badge(status) {
  return make("td", { className: status ?? "" }, status ?? "none");
}

/** Show the orders of which a service awaits its outcome, with what can be decided. */
export function showOrders(orders, decide) {
  const items = orders.slice(-MOST_ORDERS).flatMap((order) =>
    Object.entries(order.states)
      .filter(([, state]) => !["completed", "failed", "cancelled"].includes(state))
      .map(([service, state]) => {
        const subject = `${service} of ${order.order_id}`;
        const buttons = DECISIONS.map(([text, states]) =>
          button(text, () => decide(order.order_id, service, states), { ariaLabel: `${text} ${subject}` }));
        return make("li", {}, `${subject}, i_account ${order.request.account.i_account}: ${state} `, ...buttons);
      }));
  keepFocus(by("orders"), items.length ? items : [make("li", {}, "None.")]);
}

/** Show the clock and the timers that fire next. */
export function showClock(clock) {
  by("pending").textContent = `${clock.pending} pending; these fire next:`;
  by("timers").replaceChildren(...clock.next.map((timer) => make("li", {}, `${timer.due} ${timer.label}`)));
  by("held").textContent = clock.held_by.length ? `held by ${clock.held_by.join(", ")}` : "";
}

/** Show the armed faults, and the points at which one can be armed. */
export function showFaults({ faults, points }, disarm) {
  const items = faults.map((armed) => {
    const told = `${armed.point}: ${JSON.stringify(armed.fault)}, struck ${armed.struck} of ${armed.seen} `;
    return make("li", {}, told, button("Take away", () => disarm(armed.number), { ariaLabel: `Take away fault ${armed.number}` }));
  });
  keepFocus(by("faults"), items.length ? items : [make("li", {}, "None is armed.")]);
  offer(by("arm").elements.point, points);
}

/** Offer some choices, and keep the one that was made. */
export function offer(select, choices) {
  const made = select.value;
  if ([...select.options].map((option) => option.value).join() === choices.join()) return;
  select.replaceChildren(...choices.map((choice) => make("option", { value: choice }, choice)));
  if (choices.includes(made)) select.value = made;
}

// Whoever works with the keyboard must not lose the place at each update.
function keepFocus(parent, children) {
  const buttons = () => [...parent.querySelectorAll("button")];
  const place = buttons().indexOf(document.activeElement);
  parent.replaceChildren(...children);
  if (place >= 0) buttons()[place]?.focus();
}
