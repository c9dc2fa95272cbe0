import assert from "node:assert/strict";
import { test } from "node:test";

import { contentSecurityPolicy } from "../lib/content-security-policy.ts";

test("a page may run only scripts with its nonce, may not be framed and works on plain http", () => {
  const policy = contentSecurityPolicy("bm9uY2U=", false);
  assert.match(policy, /script-src 'self' 'nonce-bm9uY2U=' 'strict-dynamic';/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /unsafe|upgrade-insecure-requests/);
});
