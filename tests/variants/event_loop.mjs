// A legal variant in another language: Node without dependencies, 200 now and the work later, in memory.
//
// One order for each service, a group that stands for two of them, one session for all, and statuses from a
// background sender, one per account and group, that takes its time. It keeps nothing over a restart.

import { createServer } from "node:http";
import { createHash, timingSafeEqual } from "node:crypto";

const env = process.env;
const ACTIONS = {
  "Account/New": "activate", "Subscriber/Created": "activate",
  "Account/Product/Changed": "modify", "Subscriber/Updated": "modify",
  "Account/Status/Closed": "deactivate", "Subscriber/Deleted": "deactivate",
};
const GROUPS = { HSS: ["HSS", "PCRF"] };
const STATES = new Set(["in_progress", "retrying", "completed", "failed"]);
const PATIENCE = 3000;
const PAUSE = 400;
const LATENESS = 300;

const known = new Set();   // numbers of events
const orders = new Map();  // by reference
const newest = new Map();  // by i_account and service: the newest order
const senders = new Map(); // by i_account and group: what is still to be reported, and what was
let session = null;

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

class Trouble extends Error {}
class Refusal extends Error {}

async function post(url, body, headers) {
  let answer, text;
  try {
    answer = await fetch(url, { method: "POST", body, headers, signal: AbortSignal.timeout(PATIENCE) });
    text = await answer.text();
  } catch (error) {
    throw new Trouble(String(error));
  }
  return { code: answer.status, text };
}

const isRefusal = (code) => code >= 400 && code < 500 && ![401, 408, 429].includes(code);

function json(text) {
  try { return JSON.parse(text); } catch { throw new Trouble("no JSON"); }
}

async function untilDone(work) {
  for (;;) {
    try { return await work(); } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      await pause(PAUSE);
    }
  }
}

async function token() {
  session ??= login();
  try { return await session; } catch (error) { session = null; throw error; }
}

async function login() {
  const params = { login: env.LOGIN, password: env.PASSWORD };
  const { code, text } = await post(`${env.PORTABILLING_URL}/rest/Session/login`,
    JSON.stringify({ params }), { "content-type": "application/json" });
  if (code !== 200) throw new Trouble(`login: ${code}`);
  return json(text).access_token;
}

async function ask(method, i_account) {
  const bearer = await token();
  const { code, text } = await post(`${env.PORTABILLING_URL}/rest/${method}`,
    JSON.stringify({ params: { i_account } }),
    { "content-type": "application/json", authorization: `Bearer ${bearer}` });
  if (code !== 200) {
    if (text.includes("check_auth")) session = null;
    throw new Trouble(`${method}: ${code}`);
  }
  return json(text);
}

async function provision(i_event, i_account, action) {
  const account = await untilDone(async () => (await ask("Account/get_account_info", i_account)).account_info);
  if (!account) return;
  if ((account.bill_status === "C") !== (action === "deactivate")) return;
  const card = await untilDone(async () => (await ask("SIMCard/get_sim_card_info", i_account)).sim_card_info ?? {});
  const { msisdn, imsi, iccid } = card;
  const about = { i_account, id: account.id, msisdn, imsi, iccid };
  await Promise.all(Object.values(GROUPS).flat().map((service) => place(i_event, service, about, action)));
}

async function place(i_event, service, account, action) {
  const order = { reference: `${i_event}/${service}`, i_event, service, account, state: "accepted", at: "" };
  const key = `${account.i_account}/${service}`;
  if ((newest.get(key)?.i_event ?? -1) > i_event) return;
  orders.set(order.reference, order);
  newest.set(key, order);
  const body = JSON.stringify({
    reference: order.reference, action, account, services: [service], notify_url: env.NOTIFY_URL,
  });
  const headers = { "content-type": "application/json", authorization: `Bearer ${env.OMS_TOKEN}` };
  await untilDone(async () => {
    const { code } = await post(`${env.OMS_URL}/orders`, body, headers);
    if (isRefusal(code)) order.state = "failed";
    else if (code < 200 || code > 299) throw new Trouble(`order: ${code}`);
  });
  if (order.state === "accepted") order.state = "in_progress";
  report(order);
}

function report(order) {
  const { i_account } = order.account;
  for (const [group, services] of Object.entries(GROUPS)) {
    if (!services.includes(order.service)) continue;
    const states = services.map((service) => newest.get(`${i_account}/${service}`)?.state ?? "accepted");
    if (states.includes("accepted") && !states.includes("failed")) continue;
    send(i_account, group, statusOf(states));
  }
}

function statusOf(states) {
  if (states.includes("failed")) return "FAILED";
  if (states.every((state) => state === "completed")) return "OK";
  return states.includes("retrying") ? "RETRY" : "IN_PROGRESS";
}

function send(i_account, group, status) {
  const key = `${i_account}/${group}`;
  const sender = senders.get(key) ?? { waiting: [], last: null, busy: false };
  senders.set(key, sender);
  if (sender.last === status) return;
  sender.last = status;
  sender.waiting.push(status);
  if (!sender.busy) drain(sender, i_account, group);
}

async function drain(sender, i_account, group) {
  sender.busy = true;
  while (sender.waiting.length) {
    await pause(Math.random() * LATENESS);
    const status = sender.waiting.shift();
    await untilDone(async () => {
      // What is newer takes the place of what could not be told.
      const body = new URLSearchParams({ status: sender.waiting.at(-1) ?? status, group });
      sender.waiting.length = 0;
      const { code } = await post(`${env.PORTABILLING_URL}/espf/v1/account/i/${i_account}/status`, body,
        { authorization: `Bearer ${await token()}` });
      if (code === 401) session = null;
      if (code !== 200 && !isRefusal(code)) {
        if (!sender.waiting.length) sender.waiting.push(body.get("status"));
        throw new Trouble(`status: ${code}`);
      }
    }).catch(console.error);
  }
  sender.busy = false;
}

function number(value) {
  const found = typeof value === "string" && /^[0-9]+$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(found) && found > 0 ? found : null;
}

function takeEvent(event) {
  const variables = event?.variables;
  if (typeof event?.event_type !== "string" || typeof variables !== "object" || variables === null) return 400;
  const action = ACTIONS[event.event_type];
  if (!Object.hasOwn(ACTIONS, event.event_type)) return 200;
  const [i_event, i_account] = [number(variables.i_event), number(variables.i_account)];
  if (i_event === null || i_account === null) return 400;
  if (known.has(i_event)) return 200;
  known.add(i_event);
  provision(i_event, i_account, action).catch(console.error);
  return 200;
}

function takeNotification(notice) {
  const order = orders.get(notice?.reference);
  if (!STATES.has(notice?.state) || Number.isNaN(Date.parse(notice?.occurred_at))) return 400;
  if (order === undefined || order.service !== notice.service) return 404;
  if (newest.get(`${order.account.i_account}/${order.service}`) !== order) return 200;
  if (notice.occurred_at < order.at) return 200;
  [order.state, order.at] = [notice.state, notice.occurred_at];
  report(order);
  return 200;
}

const digest = (text) => createHash("sha256").update(text).digest();
const BASIC = digest(`Basic ${Buffer.from(`${env.EVENT_USER}:${env.EVENT_PASSWORD}`).toString("base64")}`);

function answerTo(request, body) {
  if (request.method === "GET") return 200;
  if (request.url === "/events" && !timingSafeEqual(BASIC, digest(request.headers.authorization ?? ""))) return 401;
  let content;
  try { content = JSON.parse(body); } catch { return 400; }
  return request.url === "/events" ? takeEvent(content) : takeNotification(content);
}

createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    response.statusCode = answerTo(request, Buffer.concat(parts).toString());
    response.end();
  });
}).listen(Number(env.PORT), "127.0.0.1");
