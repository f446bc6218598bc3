import { X } from "lucide-react";
import { type ReactElement, useEffect, useRef } from "react";
import { useStore } from "zustand";
import { createStore } from "zustand/vanilla";
import { messageOf } from "../client";
import { Button, IconButton } from "./buttons";

export interface Toast {
  id: number;
  text: string;
  tone: "neutral" | "failed";
  action?: { label: string; run(): void } | undefined;
}

const STAY_MS = 6000;
const THROTTLE_MS = 800;

const toasts = createStore<Toast[]>(() => []);
const spoken = createStore<{ text: string }>(() => ({ text: "" }));
let counter = 0;
let waiting: string[] = [];
let timer: ReturnType<typeof setTimeout> | undefined;

/** Says something at the lower right for a while; an error stays until it is closed. */
export function toast(
  text: string,
  options: { tone?: Toast["tone"]; action?: { label: string; run(): void } } = {},
): void {
  counter += 1;
  const id = counter;
  const tone = options.tone ?? "neutral";
  toasts.setState(
    [...toasts.getState().slice(-3), { id, text, tone, action: options.action }],
    true,
  );
  if (tone === "neutral") setTimeout(() => dismiss(id), STAY_MS);
}

/** Shows what went wrong as a toast: `.catch(toastError)`. */
export function toastError(thrown: unknown): void {
  toast(messageOf(thrown), { tone: "failed" });
}

function dismiss(id: number): void {
  toasts.setState(
    toasts.getState().filter((one) => one.id !== id),
    true,
  );
}

/** Says something to screen readers, politely; what comes in quick succession is said together. */
export function announce(text: string): void {
  waiting = [...waiting.slice(-4), text];
  if (timer !== undefined) return;
  timer = setTimeout(() => {
    timer = undefined;
    spoken.setState({ text: waiting.join(". ") });
    waiting = [];
  }, THROTTLE_MS);
}

/** The one live region and the toasts; mounted once. */
export function Announcements(): ReactElement {
  const { text } = useStore(spoken);
  const shown = useStore(toasts);
  const layer = useRef<HTMLDivElement>(null);
  // The top layer is ordered by time: entering again puts the toasts above a newer dialog.
  useEffect(() => {
    const element = layer.current;
    if (element === null) return;
    if (element.matches(":popover-open")) element.hidePopover();
    if (shown.length > 0) element.showPopover();
  }, [shown]);
  return (
    <>
      <div className="visually-hidden" aria-live="polite">
        {text}
      </div>
      <div ref={layer} popover="manual" className="toasts">
        {shown.map((one) => (
          <div
            key={one.id}
            className="toast"
            data-tone={one.tone}
            role={one.tone === "failed" ? "alert" : "status"}
          >
            <span className="toast-text">{one.text}</span>
            {one.action === undefined ? null : (
              <Button
                size="small"
                onClick={() => {
                  dismiss(one.id);
                  one.action?.run();
                }}
              >
                {one.action.label}
              </Button>
            )}
            <IconButton label="Dismiss" icon={X} onClick={() => dismiss(one.id)} />
          </div>
        ))}
      </div>
    </>
  );
}
