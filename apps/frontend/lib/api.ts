import { Connection } from "./connection.ts";
import { ApiError, DELIVERED_HEADER } from "./errors.ts";
import { RETRY_POLICY, withRetries } from "./retry.ts";

export interface User {
  id: string;
  email: string;
}

export interface Task {
  id: string;
  title: string;
  completed: boolean;
  created_at: string;
}

export interface Message {
  role: "user" | "assistant";
  content: string;
}

export interface ConversationSummary {
  id: string;
}

export interface ChatAnswer {
  conversation_id: string;
  reply: string;
  actions: { tool: string; title: string | null }[];
}

/** Longest wait for one answer before the attempt counts as failed, in milliseconds. */
const ATTEMPT_TIMEOUT_MS = 12_000;
/** The assistant may think for longer. */
const CHAT_TIMEOUT_MS = 95_000;
/** A request that waits longer than this is called slow, in milliseconds. */
const SLOW_AFTER_MS = 4_000;
const CHAT_SLOW_AFTER_MS = 15_000;
/** Sent twice, these leave the same state as sent once (PATCH sets values, it never counts up). */
const REPEATABLE = new Set(["GET", "PATCH", "DELETE"]);

interface CallOptions {
  body?: unknown;
  timeoutMs?: number;
  slowAfterMs?: number;
  /** Whether a missing session leads to the sign-in page. */
  needsSession?: boolean;
}

export const connection = new Connection(async () => {
  try {
    await attempt("GET", "/api/me", undefined, ATTEMPT_TIMEOUT_MS);
    return true;
  } catch (error) {
    return error instanceof ApiError && !error.transient;
  }
});

export const api = {
  signUp: (email: string, password: string) => call<unknown>("POST", "/api/auth/sign-up", { body: { email, password }, needsSession: false }),
  signIn: (email: string, password: string) => call<unknown>("POST", "/api/auth/sign-in", { body: { email, password }, needsSession: false }),
  signOut: () => call<unknown>("POST", "/api/auth/sign-out", { needsSession: false }),
  me: () => call<User>("GET", "/api/me"),
  tasks: () => call<Task[]>("GET", "/api/tasks"),
  addTask: (title: string) => call<Task>("POST", "/api/tasks", { body: { title } }),
  changeTask: (id: string, change: Partial<Pick<Task, "title" | "completed">>) => call<Task>("PATCH", `/api/tasks/${id}`, { body: change }),
  deleteTask: async (id: string) => {
    try {
      await call<unknown>("DELETE", `/api/tasks/${id}`);
    } catch (error) {
      // The answer to an earlier attempt may have been lost after the task was deleted.
      if (!(error instanceof ApiError && error.status === 404)) {
        throw error;
      }
    }
  },
  conversations: () => call<ConversationSummary[]>("GET", "/api/conversations"),
  conversation: (id: string) => call<{ id: string; messages: Message[] }>("GET", `/api/conversations/${id}`),
  chat: (message: string, conversationId: string | null) =>
    call<ChatAnswer>("POST", "/api/chat", {
      body: { message, ...(conversationId === null ? {} : { conversation_id: conversationId }) },
      timeoutMs: CHAT_TIMEOUT_MS,
      slowAfterMs: CHAT_SLOW_AFTER_MS,
    }),
};

async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  const { body, timeoutMs = ATTEMPT_TIMEOUT_MS, slowAfterMs = SLOW_AFTER_MS, needsSession = true } = options;
  const slow = setTimeout(() => { connection.report("slow"); }, slowAfterMs);
  const worthRetrying = (error: unknown) => error instanceof ApiError && error.transient && (REPEATABLE.has(method) || !error.delivered);
  try {
    const answer = await withRetries(() => attempt<T>(method, path, body, timeoutMs), RETRY_POLICY, {
      shouldRetry: worthRetrying,
      onRetry: () => { connection.report("retrying"); },
    });
    connection.report("fine");
    return answer;
  } catch (error) {
    connection.report(worthRetrying(error) || isNoAnswer(error) ? "away" : "fine");
    if (error instanceof ApiError && error.status === 401 && needsSession) {
      window.location.assign("/sign-in");
    }
    throw error;
  } finally {
    clearTimeout(slow);
  }
}

function isNoAnswer(error: unknown): boolean {
  return error instanceof ApiError && error.status === 0;
}

async function attempt<T>(method: string, path: string, body: unknown, timeoutMs: number): Promise<T> {
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(path, {
      method,
      cache: "no-store",
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    text = await answer.text();
  } catch {
    throw new ApiError(0, "Plannoir's server did not answer. Please check whether it did what you asked before you try again.");
  }
  const json = parse(text);
  if (!answer.ok) {
    throw new ApiError(answer.status, detailOf(json), answer.headers.get(DELIVERED_HEADER) !== "no");
  }
  return json as T;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function detailOf(json: unknown): string {
  return (json as { detail?: string } | undefined)?.detail ?? "Plannoir's server could not do that. Please try again in a moment.";
}
