export const dynamic = "force-dynamic";

/** Says that this server runs; the backend is not asked, so that its absence never restarts the page. */
export function GET(): Response {
  return Response.json({ status: "ok" }, { headers: { "cache-control": "no-store" } });
}
