import http from "node:http";
import https from "node:https";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";

import { DELIVERED_HEADER } from "./errors.ts";

export interface ForwardOptions {
  /** Where the backend listens, e.g. http://backend:8000; a path in it is kept as a prefix. */
  backendUrl: string | undefined;
  /** Longest wait for a connection, in milliseconds; where it fails, there is one more attempt. */
  connectTimeoutMs: number;
  /** Longest body of a request, in bytes. */
  bodyLimit: number;
  /** Longest silence of the backend once it is connected, in milliseconds: before its answer and between two pieces of it. */
  responseTimeoutMs: number;
}

/** RFC 9110, section 7.6.1: these belong to one connection and are never forwarded. */
const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

const API = "/api/";

class BodyTooLarge extends Error {}

class BackendTimeout extends Error {
  readonly code = "ETIMEDOUT";
}

/**
 * Passes a request on to the backend and streams its answer back, with cookies both ways.
 *
 * @returns The backend's answer, or `{"detail": "..."}` without asking it (404 outside /api/, 413 for a body above the limit), or with 503/504 when there is none.
 */
export async function forward(request: Request, options: ForwardOptions): Promise<Response> {
  const base = parseBackendUrl(options.backendUrl);
  if (base === null) {
    log("BACKEND_URL must be an http or https address, for example http://backend:8000.", { backendUrl: options.backendUrl ?? "" });
    return failure(503, "Plannoir's server is not set up yet: this page does not know where to find it.", false);
  }
  const { pathname, search } = new URL(request.url);
  if (!pathname.startsWith(API)) {
    return failure(404, "There is no such page.", false);
  }
  if (Number(request.headers.get("content-length")) > options.bodyLimit) {
    return tooLarge(options, false);
  }
  const target = new URL(base);
  // Set part by part: no path can name another host.
  target.pathname = base.pathname.replace(/\/$/, "") + pathname;
  target.search = search;
  const connection = { established: false };
  try {
    const answer = await exchange(request, target, options, connection);
    return new Response(bodyOf(request, answer), { status: answer.statusCode ?? 502, headers: answerHeaders(answer, base) });
  } catch (error) {
    if (request.signal.aborted) {
      return new Response(null, { status: 499 });
    }
    if (error instanceof BodyTooLarge) {
      return tooLarge(options, true);
    }
    log("The backend did not answer.", { backend: base.origin, path: pathname, error: describe(error) });
    if (error instanceof BackendTimeout && connection.established) {
      return failure(504, "Plannoir's server took too long to answer. Please try again in a moment.", true);
    }
    return failure(503, "Plannoir's server cannot be reached right now. Please try again in a moment.", connection.established);
  }
}

function parseUrl(value: string): URL | null {
  return URL.canParse(value) ? new URL(value) : null;
}

function parseBackendUrl(value: string | undefined): URL | null {
  const url = parseUrl(value ?? "");
  return url !== null && /^https?:$/.test(url.protocol) ? url : null;
}

async function exchange(request: Request, target: URL, options: ForwardOptions, connection: { established: boolean }): Promise<http.IncomingMessage> {
  const outgoing = await connect(request, target, options);
  connection.established = true;
  outgoing.setTimeout(options.responseTimeoutMs, () => outgoing.destroy(new BackendTimeout("the backend went silent")));
  const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
    outgoing.once("response", resolve);
    outgoing.on("error", reject);
  });
  if (request.body === null) {
    outgoing.end();
  } else {
    // A backend may answer before it has read everything, so the answer counts, not the end of the sending.
    pipeline(Readable.fromWeb(request.body as ReadableStream), limited(options.bodyLimit, outgoing), outgoing).catch((error: unknown) => outgoing.destroy(error as Error));
  }
  return answered;
}

/** Opens a connection. Another one is tried where it fails, because the first may have led to a pod that has just gone; nothing was sent yet. */
async function connect(request: Request, target: URL, options: ForwardOptions): Promise<http.ClientRequest> {
  try {
    return await open(request, target, options.connectTimeoutMs);
  } catch (error) {
    if (request.signal.aborted) {
      throw error;
    }
    return open(request, target, options.connectTimeoutMs);
  }
}

/** @returns A request whose connection is open and on which nothing was sent. */
function open(request: Request, target: URL, timeoutMs: number): Promise<http.ClientRequest> {
  const [client, opened] = target.protocol === "https:" ? ([https, "secureConnect"] as const) : ([http, "connect"] as const);
  // A connection of its own for every request: a pod that was replaced can leave no dead connection behind, and replicas share the load.
  const outgoing = client.request(target, { method: request.method, headers: requestHeaders(request, target), agent: false, signal: request.signal });
  const timer = setTimeout(() => outgoing.destroy(new BackendTimeout("connecting took too long")), timeoutMs);
  return new Promise<http.ClientRequest>((resolve, reject) => {
    outgoing.on("error", reject);
    outgoing.once("socket", (socket) => socket.once(opened, () => { resolve(outgoing); }));
  }).finally(() => { clearTimeout(timer); });
}

/** Passes pieces of a body on until they are more than the limit; then the request ends. */
function limited(limit: number, outgoing: http.ClientRequest) {
  let bytes = 0;
  return async function* (pieces: AsyncIterable<Uint8Array>) {
    for await (const piece of pieces) {
      bytes += piece.byteLength;
      if (bytes > limit) {
        outgoing.destroy(new BodyTooLarge("the body is too large"));
        return;
      }
      yield piece;
    }
  };
}

function requestHeaders(request: Request, target: URL): http.OutgoingHttpHeaders {
  const dropped = new Set([...HOP_BY_HOP, "host", "expect", ...(request.body === null ? ["content-length"] : []), ...connectionOptions(request.headers.get("connection"))]);
  const headers: http.OutgoingHttpHeaders = { host: target.host };
  for (const [name, value] of request.headers) {
    // Whoever asks could write anything into x-forwarded-*; what is true of this request is set below.
    if (!dropped.has(name) && !name.startsWith("x-forwarded-") && name !== "forwarded") {
      headers[name] = value;
    }
  }
  headers["x-forwarded-host"] = request.headers.get("host") ?? target.host;
  headers["x-forwarded-proto"] = new URL(request.url).protocol.slice(0, -1);
  return headers;
}

function answerHeaders(answer: http.IncomingMessage, base: URL): Headers {
  const dropped = new Set([...HOP_BY_HOP, ...connectionOptions(answer.headers.connection)]);
  const headers = new Headers();
  for (const [name, values] of Object.entries(answer.headersDistinct)) {
    for (const value of dropped.has(name) ? [] : (values ?? [])) {
      headers.append(name, name === "location" ? throughHere(value, base) : value);
    }
  }
  return headers;
}

/** The names that a Connection header declares to be hop-by-hop as well. */
function connectionOptions(header: string | null | undefined): string[] {
  return (header ?? "").split(",").map((name) => name.trim().toLowerCase());
}

/** A redirect to the backend's own address must lead the browser through this proxy instead. */
function throughHere(location: string, base: URL): string {
  const url = parseUrl(location);
  return url?.origin === base.origin ? url.pathname + url.search : location;
}

function bodyOf(request: Request, answer: http.IncomingMessage): BodyInit | null {
  if (request.method === "HEAD" || [204, 205, 304].includes(answer.statusCode ?? 0)) {
    answer.resume();
    return null;
  }
  return Readable.toWeb(answer) as unknown as BodyInit;
}

function tooLarge({ bodyLimit }: ForwardOptions, delivered: boolean): Response {
  return failure(413, `That is more than the ${bodyLimit / 1024} KiB that Plannoir takes at once.`, delivered);
}

function failure(status: number, detail: string, delivered: boolean): Response {
  return Response.json({ detail }, { status, headers: { "cache-control": "no-store", "retry-after": "1", [DELIVERED_HEADER]: delivered ? "unknown" : "no" } });
}

function describe(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return [code, message].filter(Boolean).join(": ");
}

function log(message: string, fields: Record<string, string>): void {
  console.error(JSON.stringify({ time: new Date().toISOString(), level: "warning", message, ...fields }));
}
