export interface RetryPolicy {
  /** No new attempt starts later than this, in milliseconds after the first one. */
  budgetMs: number;
  /** Longest wait before the second attempt, in milliseconds; it doubles with every further attempt. */
  firstDelayMs: number;
  /** Upper bound of any wait, in milliseconds. */
  longestDelayMs: number;
}

export const RETRY_POLICY: RetryPolicy = { budgetMs: 30_000, firstDelayMs: 400, longestDelayMs: 5_000 };

export interface RetryHooks {
  shouldRetry: (error: unknown) => boolean;
  onRetry?: (error: unknown) => void;
  sleep?: (milliseconds: number) => Promise<void>;
  now?: () => number;
  random?: () => number;
}

/**
 * Exponential back-off with "equal jitter": half of the wait is certain, half is random, so that many pages that lost
 * the server together do not come back together.
 *
 * @param failures Attempts that have failed so far, from 1.
 * @returns Milliseconds to wait before the next attempt.
 */
export function backOff(failures: number, policy: RetryPolicy, random: () => number = Math.random): number {
  const ceiling = Math.min(policy.longestDelayMs, policy.firstDelayMs * 2 ** (failures - 1));
  return ceiling / 2 + (ceiling / 2) * random();
}

/**
 * Runs `attempt` until it succeeds, fails for good, or the budget is used up.
 *
 * @throws What the last attempt threw.
 */
export async function withRetries<T>(attempt: () => Promise<T>, policy: RetryPolicy, hooks: RetryHooks): Promise<T> {
  const { shouldRetry, onRetry, sleep = pause, now = Date.now, random = Math.random } = hooks;
  const deadline = now() + policy.budgetMs;
  for (let failures = 1; ; failures += 1) {
    try {
      return await attempt();
    } catch (error) {
      const delay = backOff(failures, policy, random);
      if (!shouldRetry(error) || now() + delay > deadline) {
        throw error;
      }
      onRetry?.(error);
      await sleep(delay);
    }
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
