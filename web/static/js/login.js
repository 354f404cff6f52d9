// The login: sends name and password, and goes on to where the visitor wanted to be.

import {ownPath, send} from "./api.js";
import {byId, text} from "./dom.js";

const form = byId("login");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  byId("go").disabled = true;
  text("refusal", "");
  try {
    await send("POST", "/api/login", {user: byId("name").value, password: byId("password").value});
    location.assign(ownPath(new URLSearchParams(location.search).get("next") ?? "/"));
  } catch (error) {
    text("refusal", error.message);
    byId("password").value = "";
    byId("password").focus();
  } finally {
    byId("go").disabled = false;
  }
});

if (new URLSearchParams(location.search).has("ended"))
  text("refusal", "Your login has ended. Log in to go on.");
byId("name").focus();
