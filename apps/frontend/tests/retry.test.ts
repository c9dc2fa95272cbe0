import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { backOff, RETRY_POLICY, withRetries, type RetryHooks } from "../lib/retry.ts";

/** A clock that only moves while somebody sleeps. */
function fakeTime() {
  const waits: number[] = [];
  let time = 0;
  const hooks = {
    now: () => time,
    sleep: (milliseconds: number) => {
      waits.push(milliseconds);
      time += milliseconds;
      return Promise.resolve();
    },
  };
  return { waits, hooks, elapsed: () => time };
}

const ALWAYS: RetryHooks = { shouldRetry: () => true };

describe("back-off", () => {
  test("doubles with every failure up to the longest delay", () => {
    const longest = [1, 2, 3, 4, 5, 6].map((failures) => backOff(failures, RETRY_POLICY, () => 1));
    assert.deepEqual(longest, [400, 800, 1600, 3200, 5000, 5000]);
  });

  test("is random in its upper half only", () => {
    assert.equal(backOff(3, RETRY_POLICY, () => 0), 800);
    assert.equal(backOff(3, RETRY_POLICY, () => 0.5), 1200);
  });
});

describe("retries", () => {
  test("return the first success and report every failure before it", async () => {
    const time = fakeTime();
    const reported: unknown[] = [];
    let attempts = 0;
    const attempt = () => {
      attempts += 1;
      return attempts < 3 ? Promise.reject(new Error(`failure ${attempts}`)) : Promise.resolve("answer");
    };
    const answer = await withRetries(attempt, RETRY_POLICY, { ...ALWAYS, ...time.hooks, random: () => 1, onRetry: (error) => reported.push((error as Error).message) });
    assert.equal(answer, "answer");
    assert.deepEqual(reported, ["failure 1", "failure 2"]);
    assert.deepEqual(time.waits, [400, 800]);
  });

  test("end within the budget with the last failure", async () => {
    const time = fakeTime();
    let attempts = 0;
    const attempt = () => {
      attempts += 1;
      return Promise.reject(new Error(`failure ${attempts}`));
    };
    await assert.rejects(withRetries(attempt, RETRY_POLICY, { ...ALWAYS, ...time.hooks }), () => true);
    assert.ok(time.elapsed() <= RETRY_POLICY.budgetMs, `took ${time.elapsed()} ms`);
    assert.ok(time.elapsed() >= RETRY_POLICY.budgetMs - RETRY_POLICY.longestDelayMs, `gave up after ${time.elapsed()} ms`);
    assert.equal(attempts, time.waits.length + 1);
  });

  test("do not happen for a failure that is final", async () => {
    const time = fakeTime();
    await assert.rejects(withRetries(() => Promise.reject(new Error("final")), RETRY_POLICY, { shouldRetry: () => false, ...time.hooks }), /final/);
    assert.deepEqual(time.waits, []);
  });
});
