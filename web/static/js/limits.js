// The limits of the day, as they stand.

import {get} from "./api.js";

const AGAIN_MS = 20_000; // A limit may be changed while it runs.

// `reader({loss_cents, profit_cents})` is called when they are known and when they change.
export async function limitsOf(reader) {
  let before = "";
  for (;;) {
    const status = await get("/api/session/status").catch(() => null);
    if (status) {
      const found = {
        loss_cents: status.daily_loss_cents,
        profit_cents: status.daily_profit_cents,
      };
      if (JSON.stringify(found) !== before) reader(found);
      before = JSON.stringify(found);
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}
