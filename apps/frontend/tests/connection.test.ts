import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Connection, type ConnectionState } from "../lib/connection.ts";

function becomes(connection: Connection, state: ConnectionState): Promise<void> {
  return new Promise((resolve) => {
    connection.subscribe(() => {
      if (connection.getState() === state) {
        resolve();
      }
    });
  });
}

describe("connection", () => {
  test("tells its listeners about changes only", () => {
    const connection = new Connection(() => Promise.resolve(true));
    const seen: string[] = [];
    connection.subscribe(() => seen.push(connection.getState()));
    connection.report("fine");
    connection.report("retrying");
    connection.report("retrying");
    connection.report("fine");
    assert.deepEqual(seen, ["retrying", "fine"]);
    assert.equal(connection.getRecoveries(), 0);
  });

  test("finds a server that comes back by itself and counts the recovery", async () => {
    let looks = 0;
    const connection = new Connection(() => Promise.resolve((looks += 1) >= 3), 5);
    connection.report("away");
    await becomes(connection, "fine");
    assert.equal(connection.getRecoveries(), 1);
    assert.equal(looks, 3);
  });

  test("stays away until the server answers, whatever else is tried", () => {
    const connection = new Connection(() => Promise.resolve(false), 60_000);
    connection.report("away");
    connection.report("retrying");
    assert.equal(connection.getState(), "away");
    connection.report("fine");
    assert.equal(connection.getState(), "fine");
  });

  test("looks at once when asked to", async () => {
    const connection = new Connection(() => Promise.resolve(true), 60_000);
    connection.report("away");
    await connection.tryNow();
    assert.equal(connection.getState(), "fine");
  });
});
