// What a person can tell the floor: each asks for a reason, says what will happen, and reports what
// the floor answered. The effect itself is seen on the page, as it happens.

import {send} from "./api.js";
import {byId, make} from "./dom.js";

export const VERBS = {
  start: ["/api/session/start", "Start trading", "Entries are taken again from now on."],
  stop: [
    "/api/session/stop",
    "Stop trading",
    "No entries any more, and every position is left at the market.",
  ],
  halt: [
    "/api/session/halt",
    "Halt trading",
    "No new entries until the next trading day or a resume. Stops and targets stay at the broker.",
  ],
  resume: [
    "/api/session/resume",
    "Resume trading",
    "Entries are allowed again. It is refused while a limit of the day is exceeded.",
  ],
  flatten: [
    "/api/session/flatten",
    "Flatten everything",
    "Every position is left at the market and every entry is cancelled, now.",
  ],
  kill: [
    "/api/kill",
    "Kill switch",
    "Everything is left at the market and the fence closes: no entry until a person opens it.",
  ],
  sync: [
    "/api/position/force-sync",
    "Believe the broker",
    "What the broker says is held becomes what is held here.",
  ],
};
const GRAVE = new Set(["stop", "flatten", "kill", "sync"]);
const NOTE_MS = 8000;

export function ask(verb) {
  const [path, title, effect] = VERBS[verb];
  return confirm({
    title,
    effect,
    grave: GRAVE.has(verb),
    act: (reason) => send("POST", path, {reason, confirm: true}),
    done: (told) =>
      `${title}: recorded as ${(told.recorded ?? []).map((id) => id.slice(0, 8)).join(", ")}`,
  });
}

// Resolves to true once it is done, to false when it is given up.
export function confirm({title, effect, grave, act, done, fields = []}) {
  const reason = make("textarea", {rows: 2, maxlength: 400, id: "reason"});
  reason.required = true;
  const sure = make("input", {type: "checkbox", id: "sure"});
  const refusal = make("p", {class: "refusal", role: "alert"});
  const go = make("button", {type: "submit", class: grave ? "alarm" : "strong"}, title);
  const back = make("button", {type: "button"}, "Cancel");
  const form = make(
    "form",
    {},
    make("h1", {}, title),
    make("p", {class: "soft"}, effect),
    ...fields,
    make("label", {}, "Reason, for the record", reason),
    grave ? make("label", {class: "check"}, sure, "I mean it") : null,
    refusal,
    make("div", {class: "buttons"}, back, go),
  );
  const dialog = make("dialog", {"aria-label": title}, form);
  const ready = () => {
    go.disabled = reason.value.trim().length < 3 || (grave && !sure.checked);
  };
  form.addEventListener("input", ready);
  back.addEventListener("click", () => dialog.close());
  ready();
  document.body.append(dialog);
  dialog.showModal();
  reason.focus();
  return new Promise((resolve) => {
    let finished = false;
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(finished);
    });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      go.disabled = true;
      refusal.textContent = "";
      try {
        const told = await act(reason.value.trim());
        finished = true;
        dialog.close();
        note(done(told ?? {}));
      } catch (error) {
        refusal.textContent = `Not done: ${error.message}`;
        ready();
      }
    });
  });
}

function note(said, bad = false) {
  const line = make("li", {class: bad ? "bad" : ""}, said);
  byId("notes").append(line);
  setTimeout(() => line.remove(), NOTE_MS);
}
