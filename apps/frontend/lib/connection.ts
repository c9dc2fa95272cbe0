/**
 * What the page knows about its server.
 * - `fine`: it answers.
 * - `slow`: a request has been waiting for long.
 * - `retrying`: a request failed and is being repeated.
 * - `away`: the retries are used up; the page looks for the server in the background.
 */
export type ConnectionState = "fine" | "slow" | "retrying" | "away";

export const NOTICES: Record<ConnectionState, string> = {
  fine: "",
  slow: "Plannoir's server is slow to answer; please wait…",
  retrying: "Plannoir's server is slow to answer; trying again…",
  away: "Plannoir's server cannot be reached right now. This page goes on by itself as soon as it answers.",
};

const LOOK_EVERY_MS = 5_000;

/** The one connection of a page, as a store for React's useSyncExternalStore. */
export class Connection {
  private state: ConnectionState = "fine";
  private recoveries = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<() => void>();

  /**
   * @param serverAnswers Asks the server once; true when it answered.
   * @param lookEveryMs Wait between two looks for a server that is away, in milliseconds.
   */
  constructor(
    private readonly serverAnswers: () => Promise<boolean>,
    private readonly lookEveryMs = LOOK_EVERY_MS,
  ) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly getState = (): ConnectionState => this.state;

  /** Grows by one whenever a server that was away is back; what depends on it loads again. */
  readonly getRecoveries = (): number => this.recoveries;

  report(state: ConnectionState): void {
    if (state === this.state) {
      return;
    }
    if (state === "fine" && this.state === "away") {
      this.recoveries += 1;
    }
    // While the server is away, only an answer from it is news.
    if (this.state !== "away" || state === "fine") {
      this.state = state;
    }
    clearTimeout(this.timer);
    if (this.state === "away") {
      this.lookAgainLater();
    }
    for (const listener of this.listeners) {
      listener();
    }
  }

  /** Looks for the server now, for somebody who does not want to wait for the next look. */
  readonly tryNow = async (): Promise<void> => {
    clearTimeout(this.timer);
    if (await this.serverAnswers()) {
      this.report("fine");
    } else if (this.state === "away") {
      this.lookAgainLater();
    }
  };

  private lookAgainLater(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.tryNow(), this.lookEveryMs);
  }
}
