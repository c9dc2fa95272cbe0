"use client";

import { connection } from "@/lib/api.ts";
import { NOTICES } from "@/lib/connection.ts";
import { useConnection } from "@/lib/hooks.ts";

/** Says in plain words that the server is slow or away. The region is always there, so that screen readers announce its changes. */
export function Notice() {
  const state = useConnection();
  return (
    <div className="notice" data-state={state}>
      <p role="status">{NOTICES[state]}</p>
      {state === "away" && (
        <button type="button" className="button small" onClick={() => void connection.tryNow()}>
          Try again
        </button>
      )}
    </div>
  );
}
