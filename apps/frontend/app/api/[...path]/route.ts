import { forward } from "@/lib/forward.ts";

export const dynamic = "force-dynamic";

// Linux asks for a connection again after a second.
const CONNECT_TIMEOUT_MS = 2_000;
// A language model may think for a while before its first word.
const RESPONSE_TIMEOUT_MS = 90_000;

// As the backend has it: here it is not even sent on.
const BODY_LIMIT = 64 * 1024;

function handle(request: Request): Promise<Response> {
  // Read for every request: the image is built once and told at run time where the backend is.
  return forward(request, {
    backendUrl: process.env.BACKEND_URL,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    responseTimeoutMs: RESPONSE_TIMEOUT_MS,
    bodyLimit: BODY_LIMIT,
  });
}

export { handle as DELETE, handle as GET, handle as HEAD, handle as PATCH, handle as POST, handle as PUT };
