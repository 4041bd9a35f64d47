// Ties the page to the control API: follows the journal, asks for the rest as it changes, and acts.

import { Refusal, call, follow, keepToken } from "./api.js";
import { Conversation } from "./conversation.js";
import { by } from "./elements.js";
import { showExchange } from "./exchange.js";
import { Journal, beginning } from "./journal.js";
import { FAULTS, offer, showAccounts, showClock, showFaults, showOrders } from "./panels.js";

const UNITS = { s: 1, m: 60, h: 3600, d: 86400 };
// Real milliseconds: between two questions for what is no record, at most and at least, and until a broken
// stream is tried again.
const QUESTIONS = 300;
const LOOK = 2000;
const AGAIN = 1000;

const journal = new Journal();
const conversation = new Conversation(selectRecord);
let selectedAccount = null;
let accounts = new Map();
let virtual = { at: 0, seen: performance.now(), rate: 0 };

function say(text, { isWrong = false } = {}) {
  by("said").textContent = text;
  by("said").classList.toggle("wrong", isWrong);
}

/** Ask for the token, if that is what was lacking. */
function askForToken(error) {
  if (error instanceof Refusal && error.status === 401 && !by("entrance").open) by("entrance").showModal();
}

/** Let something happen, and say what was refused. */
async function act(done, work) {
  try {
    await work();
    if (done) say(done);
  } catch (error) {
    askForToken(error);
    say(error.message, { isWrong: true });
  }
  refresh();
}

function once(work) {
  let isPlanned = false;
  return () => {
    if (isPlanned) return;
    isPlanned = true;
    requestAnimationFrame(() => { isPlanned = false; work(); });
  };
}

const draw = once(() => {
  conversation.show(journal.of(selectedAccount));
  showExchange(journal.get(conversation.selected));
  const whose = selectedAccount === null ? "Of all accounts." : `Of i_account ${selectedAccount}.`;
  if (by("about").textContent !== whose) by("about").textContent = whose;
});

let isAsking = false;
let isStale = false;

/** Ask for all that is no record; at most one question is under way. */
async function refresh() {
  isStale = true;
  if (isAsking) return;
  isAsking = true;
  while (isStale) {
    isStale = false;
    try {
      const paths = ["/accounts", "/statuses", "/orders?open=true", "/clock", "/faults"];
      const [world, statuses, orders, clock, faults] = await Promise.all(paths.map((path) => call("GET", path)));
      accounts = new Map(world.accounts.map((account) => [account.i_account, account]));
      showAccounts(world.accounts, statuses.statuses, { selected: selectedAccount, select: selectAccount });
      showOrders(orders.orders, decide);
      showClock(clock);
      showFaults(faults, (number) => act(`Fault ${number} was taken away.`, () => call("DELETE", `/faults/${number}`)));
      keepTime(clock);
    } catch (error) {
      askForToken(error);
    }
    await new Promise((resolve) => setTimeout(resolve, QUESTIONS));
  }
  isAsking = false;
}

function keepTime(clock) {
  const rate = clock.mode === "real" ? 1 : Number(clock.mode.split(":")[1] ?? 0);
  virtual = { at: Date.parse(clock.now), seen: performance.now(), rate };
  const mode = by("mode").elements.mode;
  if (![...mode.options].some((option) => option.value === clock.mode)) mode.append(new Option(clock.mode));
  if (mode.dataset.told !== clock.mode) mode.value = mode.dataset.told = clock.mode;
  showTime();
}

function showTime() {
  const now = new Date(virtual.at + (performance.now() - virtual.seen) * virtual.rate);
  by("now").textContent = now.toISOString().slice(0, 19).replace("T", " ");
}

function selectAccount(account) {
  selectedAccount = account;
  conversation.toEnd();
  if (account !== null) by("emit").elements.i_account.value = account;
  fillChange();
  refresh();
  draw();
}

/** Let the form begin with what the selected account is. */
function fillChange() {
  const account = accounts.get(selectedAccount);
  const { bill_status, blocked } = by("change").elements;
  if (account) [bill_status.value, blocked.checked] = [account.bill_status, account.blocked];
}

function selectRecord(seq) {
  conversation.selected = seq;
  draw();
}

function decide(order, service, states) {
  return act(`${service} of ${order}: ${states.join(", ")}.`, async () => {
    for (const state of states) await call("POST", `/orders/${encodeURIComponent(order)}/notify`, { service, state });
  });
}

function seconds(text) {
  const unit = UNITS[text.at(-1)];
  return unit ? Number(text.slice(0, -1)) * unit : Number(text);
}

function onSubmit(id, work) {
  by(id).addEventListener("submit", (event) => {
    event.preventDefault();
    work(event.target.elements);
  });
}

onSubmit("advance", ({ duration }) =>
  act(`Advanced by ${duration.value}.`, () => call("POST", "/clock/advance", { seconds: seconds(duration.value) })));
onSubmit("mode", ({ mode }) => act(`The clock is ${mode.value} now.`, () => call("POST", "/clock/mode", { mode: mode.value })));
onSubmit("emit", ({ type, i_account }) =>
  act(`Emitted ${type.value} for i_account ${i_account.value}.`, () =>
    call("POST", "/events", { event_type: type.value, variables: { i_account: Number(i_account.value) } })));
onSubmit("change", ({ bill_status, blocked }) => {
  const account = accounts.get(selectedAccount);
  if (!account) return say("Select an account first.", { isWrong: true });
  const wanted = { bill_status: bill_status.value, blocked: blocked.checked };
  const changes = Object.entries(wanted).filter(([name, value]) => value !== account[name]);
  if (!changes.length) return say(`i_account ${selectedAccount} is like that already.`, { isWrong: true });
  return act(`Changed i_account ${selectedAccount}; emit an event to tell the provisioner.`, () =>
    call("PATCH", `/accounts/${selectedAccount}`, Object.fromEntries(changes)));
});
onSubmit("arm", ({ point, fault, first }) =>
  act(`Armed at ${point.value}: ${fault.value}.`, () =>
    call("POST", "/faults", { point: point.value, fault: FAULTS[fault.value], ...(first.value && { first: Number(first.value) }) })));
by("reset").onclick = () => act("All began anew.", () => call("POST", "/reset"));
by("everyone").onclick = () => selectAccount(null);
by("entrance").addEventListener("close", () => {
  keepToken(by("entrance").querySelector("input").value);
  refresh();
});

async function listen() {
  let isCutOff = false;
  for (;;) {
    try {
      const { last_seq: last } = await call("GET", "/journal?limit=1");
      if (isCutOff) say("The simulators answer again.");
      isCutOff = false;
      journal.clear();
      await follow(beginning(last), (records) => {
        journal.take(records);
        if (!records.length) return;
        draw();
        refresh();
      });
      draw();
    } catch (error) {
      askForToken(error);
      isCutOff = error.status !== 401;
      const told = error instanceof Refusal ? error.message : "The simulators do not answer.";
      if (isCutOff) say(`${told} Trying again.`, { isWrong: true });
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN));
  }
}

offer(by("arm").elements.fault, Object.keys(FAULTS));
setInterval(showTime, 1000);
// What is armed or switched from a shell leaves no record.
setInterval(() => document.hidden || refresh(), LOOK);
refresh();
listen();
