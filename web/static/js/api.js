// What the page asks of its server. A refusal comes as problem+json and is thrown as `Refused`.

const PATIENCE_MS = 30_000; // With a way to the login that may have come to nothing.
let left = -Infinity;

class Refused extends Error {
  constructor(status, title, detail) {
    super(detail || title);
    this.status = status;
    this.title = title;
  }
}

class Away extends Error {}

export function get(path, query = {}) {
  return ask("GET", address(path, query));
}

export function send(method, path, body) {
  return ask(method, path, body);
}

export function address(path, query) {
  const kept = Object.entries(query).filter(([, value]) => value !== "" && value != null);
  const text = new URLSearchParams(kept).toString();
  return text ? `${path}?${text}` : path;
}

async function ask(method, path, body) {
  const options = {method, headers: {Accept: "application/json"}, credentials: "same-origin"};
  if (method !== "GET") {
    options.headers["Content-Type"] = "application/json"; // No form of another site can.
    options.body = JSON.stringify(body ?? {});
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // A TypeError is a server that is away.
    throw new Away("the floor does not answer");
  }
  if (answer.status === 401 && path !== "/api/login") leave();
  const told = await content(answer);
  if (!answer.ok) throw new Refused(answer.status, told.title ?? answer.statusText, told.detail);
  return told;
}

async function content(answer) {
  try {
    return await answer.json();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return {title: `answer ${answer.status}`};
  }
}

// The values that a parameter of an endpoint may have, as the server's own document says.
export async function choices(path, name) {
  const told = await get("/api/openapi.json").catch(() => ({}));
  const found = told.paths?.[path]?.get?.parameters?.find((each) => each.name === name);
  return found?.schema?.enum ?? [];
}

// Each further refusal would break off the way to the login and begin it anew: where the answer
// takes longer than the next question, nobody would ever arrive. One that was stopped is begun again.
function leave() {
  if (location.pathname === "/login" || performance.now() - left < PATIENCE_MS) return;
  left = performance.now();
  const {role} = document.body.dataset; // Of who has been let in.
  const ended = role && role !== "anybody" ? 1 : null;
  location.assign(address("/login", {next: location.pathname + location.search, ended}));
}

// Where a login leads to: only a path of our own, an address of another site would be a trap.
export function ownPath(text) {
  return /^\/(?![/\\])/.test(text) ? text : "/";
}
