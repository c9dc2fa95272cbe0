import { NextResponse, type NextRequest } from "next/server";

import { contentSecurityPolicy } from "@/lib/content-security-policy.ts";

/** Gives every page a Content-Security-Policy with a fresh nonce; Next.js puts the nonce on its own scripts. */
export function proxy(request: NextRequest): NextResponse {
  const nonce = btoa(crypto.randomUUID());
  const policy = contentSecurityPolicy(nonce, process.env.NODE_ENV === "development");
  const headers = new Headers(request.headers);
  headers.set("content-security-policy", policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("content-security-policy", policy);
  return response;
}

export const config = { matcher: ["/((?!api/|_next/|healthz|icon).*)"] };
