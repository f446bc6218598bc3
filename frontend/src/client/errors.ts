import type { ErrorBody } from "../protocol";

/** What the server refused, in its own words: the one error that callers of the client see. */
export class ApiError extends Error {
  readonly code: string;
  readonly details: Record<string, unknown>;
  /** HTTP status; 0 when no answer came. */
  readonly status: number;

  constructor(body: ErrorBody, status = 0) {
    super(body.message);
    this.name = "ApiError";
    this.code = body.code;
    this.details = body.details;
    this.status = status;
  }
}

/** The words of whatever was thrown, to be shown to a person. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
