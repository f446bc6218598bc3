import { X } from "lucide-react";
import { type ReactElement, type ReactNode, useEffect, useId, useRef } from "react";
import { IconButton } from "./buttons";
import { classes } from "./classes";

export interface DialogProps {
  title: string;
  children: ReactNode;
  footer?: ReactNode;
  wide?: boolean;
  /** Is only read: its body takes the keyboard, to scroll. */
  readOnly?: boolean;
  onClose(): void;
  /** Makes the dialog a form: Enter sends it. */
  onSubmit?: () => void;
}

/** A modal dialog while it is mounted; focus goes in, stays in, and returns. */
export function Dialog(props: DialogProps): ReactElement {
  const id = useId();
  const body = (
    <>
      {props.readOnly === true ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: without it the keyboard cannot scroll
        <section className="dialog-body" tabIndex={0} data-autofocus aria-labelledby={id}>
          {props.children}
        </section>
      ) : (
        <div className="dialog-body">{props.children}</div>
      )}
      {props.footer === undefined ? null : <div className="dialog-footer">{props.footer}</div>}
    </>
  );
  return (
    <Modal labelledBy={id} className={classes(props.wide && "dialog-wide")} onClose={props.onClose}>
      <div className="dialog-header">
        <h2 id={id}>{props.title}</h2>
        <IconButton label="Close" icon={X} onClick={props.onClose} />
      </div>
      {props.onSubmit === undefined ? (
        body
      ) : (
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            props.onSubmit?.();
          }}
        >
          {body}
        </form>
      )}
    </Modal>
  );
}

export interface ModalProps {
  labelledBy?: string;
  label?: string;
  className?: string;
  children: ReactNode;
  onClose(): void;
}

/** The bare modal box: the browser's dialog with closing by Esc and by a click outside. */
export function Modal(props: ModalProps): ReactElement {
  const dialog = useRef<HTMLDialogElement>(null);
  const { onClose } = props;
  useEffect(() => {
    const before = document.activeElement;
    const element = dialog.current;
    element?.showModal();
    element?.querySelector<HTMLElement>("[data-autofocus], .dialog-body input")?.focus();
    return () => {
      element?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Esc closes it, which is `onCancel`
    <dialog
      ref={dialog}
      className={classes("dialog", props.className)}
      aria-labelledby={props.labelledBy}
      aria-label={props.label}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => event.target === event.currentTarget && onClose()}
    >
      {props.children}
    </dialog>
  );
}

export interface SheetProps {
  title: string;
  /** Controls beside the title. */
  actions?: ReactNode;
  children: ReactNode;
  onClose(): void;
}

/** A panel at the right edge that leaves the page usable; Esc inside of it closes it. */
export function Sheet(props: SheetProps): ReactElement {
  const id = useId();
  const sheet = useRef<HTMLElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    sheet.current?.focus({ preventScroll: true });
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <aside
      ref={sheet}
      className="sheet"
      aria-labelledby={id}
      tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || event.defaultPrevented) return;
        event.preventDefault();
        props.onClose();
      }}
    >
      <div className="sheet-header">
        <h2 id={id}>{props.title}</h2>
        {props.actions}
        <IconButton label="Close" icon={X} onClick={props.onClose} />
      </div>
      <div className="sheet-body">{props.children}</div>
    </aside>
  );
}

export interface ConfirmProps {
  title: string;
  children: ReactNode;
  action: string;
  danger?: boolean;
  onConfirm(): void;
  onClose(): void;
}
