/** Puts text on the clipboard; rejects where the browser does not allow it (no HTTPS). */
export function writeClipboard(text: string): Promise<void> {
  if (navigator.clipboard === undefined) {
    return Promise.reject(new Error("This browser allows copying only over HTTPS."));
  }
  return navigator.clipboard.writeText(text);
}
