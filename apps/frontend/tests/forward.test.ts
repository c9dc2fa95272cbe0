import assert from "node:assert/strict";
import http, { createServer, type RequestListener } from "node:http";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { describe, test, type TestContext } from "node:test";

import { forward } from "../lib/forward.ts";

interface Heard {
  method: string | undefined;
  url: string | undefined;
  headers: NodeJS.Dict<string[]>;
  body: string;
}

/** A real backend on a free port, for the time of one test. */
async function backend(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function echoingBackend(t: TestContext): Promise<string> {
  return backend(t, (request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const heard: Heard = { method: request.method, url: request.url, headers: request.headersDistinct, body: Buffer.concat(pieces).toString() };
      response.setHeader("set-cookie", ["session=abc; HttpOnly; Path=/", "theme=dark"]);
      response.setHeader("keep-alive", "timeout=5");
      response.setHeader("x-request-id", "42");
      response.writeHead(201, { "content-type": "application/json" }).end(JSON.stringify(heard));
    });
  });
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => { resolve = settle; });
  return { promise, resolve };
}

function pass(request: Request, backendUrl: string | undefined, times: { connectTimeoutMs?: number; responseTimeoutMs?: number; bodyLimit?: number } = {}): Promise<Response> {
  return forward(request, { backendUrl, connectTimeoutMs: 2_000, responseTimeoutMs: 2_000, bodyLimit: 1024, ...times });
}

async function failureOf(answer: Response): Promise<{ status: number; delivered: string | null; detail: string }> {
  const { detail } = (await answer.json()) as { detail: string };
  return { status: answer.status, delivered: answer.headers.get("x-request-delivered"), detail };
}

function silenceLog(t: TestContext): unknown[][] {
  const calls: unknown[][] = [];
  t.mock.method(console, "error", (...call: unknown[]) => calls.push(call));
  return calls;
}

describe("the proxy", () => {
  test("passes method, path, query, body, type and cookies on", async (t) => {
    const url = await echoingBackend(t);
    const request = new Request("http://page.example:30080/api/tasks/a%2Fb?q=1&q=2", {
      method: "POST",
      headers: { "content-type": "application/json", cookie: "session=abc; theme=dark", host: "page.example:30080" },
      body: '{"title": "buy milk"}',
    });
    const answer = await pass(request, url);
    const heard = (await answer.json()) as Heard;
    assert.equal(answer.status, 201);
    assert.equal(heard.method, "POST");
    assert.equal(heard.url, "/api/tasks/a%2Fb?q=1&q=2");
    assert.equal(heard.body, '{"title": "buy milk"}');
    assert.deepEqual(heard.headers["content-type"], ["application/json"]);
    assert.deepEqual(heard.headers.cookie, ["session=abc; theme=dark"]);
    assert.deepEqual(heard.headers.host, [new URL(url).host]);
    assert.deepEqual(heard.headers["x-forwarded-proto"], ["http"]);
  });

  test("keeps a path in BACKEND_URL as a prefix", async (t) => {
    const url = await echoingBackend(t);
    const heard = (await (await pass(new Request("http://page/api/me"), `${url}/v2/`)).json()) as Heard;
    assert.equal(heard.url, "/v2/api/me");
  });

  test("hands every set-cookie back", async (t) => {
    const answer = await pass(new Request("http://page/api/me"), await echoingBackend(t));
    assert.deepEqual(answer.headers.getSetCookie(), ["session=abc; HttpOnly; Path=/", "theme=dark"]);
    assert.equal(answer.headers.get("x-request-id"), "42");
  });

  test("drops hop-by-hop headers and those that Connection names, both ways", async (t) => {
    const request = new Request("http://page/api/me");
    request.headers.set("te", "trailers");
    request.headers.set("connection", "x-only-here");
    request.headers.set("x-only-here", "1");
    const answer = await pass(request, await echoingBackend(t));
    const heard = (await answer.json()) as Heard;
    assert.equal(heard.headers.te, undefined);
    assert.equal(heard.headers["x-only-here"], undefined);
    assert.equal(answer.headers.get("connection"), null);
    assert.equal(answer.headers.get("keep-alive"), null);
    assert.equal(answer.headers.get("transfer-encoding"), null);
  });

  for (const path of ["//evil.example/api/x", "/api", "/health/ready", "/api/../health/ready", "/api/%2e%2e/health/ready", "/\\evil.example/api/x"]) {
    test(`answers 404 itself for ${path}`, async (t) => {
      const url = await backend(t, (_, response) => { response.end("reached"); });
      const answer = await pass(new Request(`http://page${path}`, { headers: { cookie: "session=abc" } }), url);
      assert.deepEqual(await failureOf(answer), { status: 404, delivered: "no", detail: "There is no such page." });
    });
  }

  test("reaches no other host by a path inside /api/", async (t) => {
    const url = await echoingBackend(t);
    const heard = (await (await pass(new Request("http://page/api//evil.example/@evil.example/"), url)).json()) as Heard;
    assert.equal(heard.url, "/api//evil.example/@evil.example/");
    assert.deepEqual(heard.headers.host, [new URL(url).host]);
  });

  test("says itself from where a request came, whatever the request says", async (t) => {
    const headers = { host: "page.example", forwarded: "for=1.2.3.4", "x-forwarded-for": "1.2.3.4", "x-forwarded-host": "evil.example", "x-forwarded-proto": "https" };
    const heard = (await (await pass(new Request("http://page.example/api/me", { headers }), await echoingBackend(t))).json()) as Heard;
    const said = Object.entries(heard.headers).filter(([name]) => name.includes("forwarded"));
    assert.deepEqual(Object.fromEntries(said), { "x-forwarded-host": ["page.example"], "x-forwarded-proto": ["http"] });
  });

  test("announces no body where there is none", async (t) => {
    const answer = await pass(new Request("http://page/api/me", { headers: { "content-length": "5" } }), await echoingBackend(t), { responseTimeoutMs: 500 });
    assert.equal(answer.status, 201);
  });

  test("refuses a body above the limit, announced or not", async (t) => {
    const url = await echoingBackend(t);
    const announced = new Request("http://page/api/tasks", { method: "POST", body: "x", headers: { "content-length": "1025" } });
    assert.deepEqual(await failureOf(await pass(announced, url)), { status: 413, delivered: "no", detail: "That is more than the 1 KiB that Plannoir takes at once." });
    const streamed = (size: number) => new Request("http://page/api/tasks", { method: "POST", body: new Blob(["x".repeat(size)]).stream(), duplex: "half" } as RequestInit);
    assert.equal((await pass(streamed(1024), url)).status, 201);
    assert.equal((await pass(streamed(1025), url)).status, 413);
  });

  test("passes an empty answer on", async (t) => {
    const url = await backend(t, (_, response) => response.writeHead(204).end());
    const answer = await pass(new Request("http://page/api/tasks/1", { method: "DELETE" }), url);
    assert.equal(answer.status, 204);
    assert.equal(await answer.text(), "");
  });

  test("streams an answer before it is complete", async (t) => {
    const { promise: firstPieceRead, resolve: release } = deferred<undefined>();
    const url = await backend(t, (_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write("data: one\n\n");
      void firstPieceRead.then(() => response.end("data: two\n\n"));
    });
    const answer = await pass(new Request("http://page/api/chat"), url);
    assert.ok(answer.body);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    assert.equal((await reader.read()).value, "data: one\n\n");
    release(undefined);
    assert.equal((await reader.read()).value, "data: two\n\n");
  });

  test("streams a request before it is complete", async (t) => {
    const { promise: firstPieceHeard, resolve: heard } = deferred<string>();
    const url = await backend(t, (request, response) => {
      request.once("data", (piece: Buffer) => { heard(piece.toString()); });
      request.on("end", () => response.end("done"));
      request.resume();
    });
    const body = new ReadableStream({
      async start(controller) {
        controller.enqueue(new TextEncoder().encode("one"));
        await firstPieceHeard;
        controller.close();
      },
    });
    const request = new Request("http://page/api/upload", { method: "POST", body, duplex: "half" } as RequestInit);
    assert.equal(await (await pass(request, url)).text(), "done");
    assert.equal(await firstPieceHeard, "one");
  });

  test("leads a redirect to the backend's address through itself", async (t) => {
    const url = await backend(t, (request, response) => response.writeHead(307, { location: `http://${request.headers.host ?? ""}/api/tasks?x=1` }).end());
    const answer = await pass(new Request("http://page/api/tasks/?x=1"), url);
    assert.equal(answer.headers.get("location"), "/api/tasks?x=1");
  });

  test("answers 503 in plain words when nothing listens, and says that the request was not delivered", async (t) => {
    const logged = silenceLog(t);
    const url = await new Promise<string>((resolve) => {
      const server = createServer().listen(0, "127.0.0.1", () => {
        const { port } = server.address() as AddressInfo;
        server.close(() => { resolve(`http://127.0.0.1:${port}`); });
      });
    });
    const failure = await failureOf(await pass(new Request("http://page/api/tasks", { method: "POST", body: "{}" }), url));
    assert.deepEqual(failure, { status: 503, delivered: "no", detail: "Plannoir's server cannot be reached right now. Please try again in a moment." });
    assert.match(String(logged[0]?.[0]), /ECONNREFUSED/);
  });

  test("answers 503 without a claim about delivery when the backend hangs up", async (t) => {
    silenceLog(t);
    const url = await backend(t, (request) => request.socket.destroy());
    const failure = await failureOf(await pass(new Request("http://page/api/tasks", { method: "POST", body: "{}" }), url));
    assert.equal(failure.status, 503);
    assert.equal(failure.delivered, "unknown");
  });

  test("answers 504 when the backend is silent for too long", async (t) => {
    silenceLog(t);
    const url = await backend(t, () => undefined);
    const failure = await failureOf(await pass(new Request("http://page/api/tasks"), url, { responseTimeoutMs: 50 }));
    assert.equal(failure.status, 504);
    assert.match(failure.detail, /took too long/);
  });

  test("opens another connection when the first one fails, and sends everything on it", async (t) => {
    const url = await echoingBackend(t);
    const nobody = createTcpServer();
    await new Promise<void>((resolve) => nobody.listen(0, "127.0.0.1", resolve));
    const gone = new URL(`http://127.0.0.1:${(nobody.address() as AddressInfo).port}`);
    await new Promise((resolve) => nobody.close(resolve));
    const open = http.request;
    const opened = t.mock.method(http, "request", (target: URL, options: http.RequestOptions) => open(opened.mock.callCount() === 0 ? gone : target, options));
    const answer = await pass(new Request("http://page/api/tasks", { method: "POST", body: "{}" }), url);
    assert.equal(answer.status, 201);
    assert.equal(((await answer.json()) as Heard).body, "{}");
    assert.equal(opened.mock.callCount(), 2);
  });

  test("answers 503 when connecting takes too long", async (t) => {
    silenceLog(t);
    // It accepts, but the TLS handshake never begins.
    const silent = createTcpServer();
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    t.after(() => silent.close());
    const { port } = silent.address() as AddressInfo;
    const answer = await pass(new Request("http://page/api/tasks"), `https://127.0.0.1:${port}`, { connectTimeoutMs: 50, responseTimeoutMs: 60_000 });
    const failure = await failureOf(answer);
    assert.equal(failure.status, 503);
    assert.equal(failure.delivered, "no");
  });

  for (const backendUrl of [undefined, "", "backend:8000", "ftp://backend"]) {
    test(`answers 503 and logs the setting's name when BACKEND_URL is ${backendUrl ?? "not set"}`, async (t) => {
      const logged = silenceLog(t);
      const failure = await failureOf(await pass(new Request("http://page/api/tasks"), backendUrl));
      assert.equal(failure.status, 503);
      assert.match(String(logged[0]?.[0]), /BACKEND_URL/);
    });
  }

  test("lets the backend know when the page goes away", async (t) => {
    const { promise: hungUp, resolve } = deferred<undefined>();
    const { promise: asked, resolve: ask } = deferred<undefined>();
    const url = await backend(t, (request) => {
      request.socket.on("close", () => { resolve(undefined); });
      ask(undefined);
    });
    const page = new AbortController();
    const answer = pass(new Request("http://page/api/chat", { signal: page.signal }), url, { responseTimeoutMs: 60_000 });
    await asked;
    page.abort();
    await hungUp;
    assert.equal((await answer).status, 499);
  });
});
