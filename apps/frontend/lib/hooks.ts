"use client";

import { useCallback, useEffect, useState, useSyncExternalStore } from "react";

import { connection } from "./api.ts";
import type { ConnectionState } from "./connection.ts";
import { ApiError, inPlainWords } from "./errors.ts";

export function useConnection(): ConnectionState {
  return useSyncExternalStore(connection.subscribe, connection.getState, () => "fine");
}

/** False until the page's own code runs: before that, a form would be sent the browser's way. */
export function useHydrated(): boolean {
  return useSyncExternalStore(() => () => undefined, () => true, () => false);
}

export interface ServerData<T> {
  /** Undefined until the first answer. */
  data: T | undefined;
  setData: (change: (current: T | undefined) => T | undefined) => void;
  error: string;
  reload: () => void;
}

/** Loads with `load` (a stable function) now, on `reload`, and again whenever a server that was away is back. */
export function useServerData<T>(load: () => Promise<T>): ServerData<T> {
  const recoveries = useSyncExternalStore(connection.subscribe, connection.getRecoveries, () => 0);
  const [data, setData] = useState<T>();
  const [error, setError] = useState("");
  const [reloads, setReloads] = useState(0);

  useEffect(() => {
    let current = true;
    load().then(
      (loaded) => {
        if (current) {
          setData(() => loaded);
          setError("");
        }
      },
      (reason: unknown) => {
        if (current) {
          // That the server is away is said once for the whole page, by the notice.
          setError(reason instanceof ApiError && reason.transient ? "" : inPlainWords(reason));
        }
      },
    );
    return () => {
      current = false;
    };
  }, [load, recoveries, reloads]);

  return { data, setData, error, reload: useCallback(() => { setReloads((count) => count + 1); }, []) };
}
