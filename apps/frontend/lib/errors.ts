/** Set to "no" by the proxy when the backend certainly never saw the request, so that repeating it is safe. */
export const DELIVERED_HEADER = "x-request-delivered";

/** Answers by which a gateway says that the server behind it did not answer: worth another try. */
const TRANSIENT_STATUSES = new Set([502, 503, 504]);

/** A request to the backend that did not succeed, in words for the person at the page. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  /**
   * @param status HTTP status, or 0 when there was no answer at all.
   * @param detail What went wrong, in plain words.
   * @param delivered False when it is certain that the backend never saw the request.
   */
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly delivered = true,
  ) {
    super(detail);
  }

  get transient(): boolean {
    return this.status === 0 || TRANSIENT_STATUSES.has(this.status);
  }
}

/** What to show a person for anything that was thrown. */
export function inPlainWords(error: unknown): string {
  return error instanceof ApiError ? error.detail : "Something went wrong on this page. Please reload it and try again.";
}
