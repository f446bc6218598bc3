import {
  type InputHTMLAttributes,
  type ReactElement,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
} from "react";
import { classes } from "./classes";

/** What a control needs to belong to its field. */
export interface ControlProps {
  id: string;
  "aria-describedby"?: string;
  "aria-invalid"?: boolean;
}

export interface FieldProps {
  label: ReactNode;
  note?: ReactNode;
  error?: string | undefined;
  stacked?: boolean;
  children(control: ControlProps): ReactNode;
}

/** Label, control, note and error that belong together. */
export function Field({ label, note, error, stacked, children }: FieldProps): ReactElement {
  const id = useId();
  const described = [note && `${id}-note`, error && `${id}-error`].filter(Boolean).join(" ");
  const control: ControlProps = { id };
  if (described !== "") control["aria-describedby"] = described;
  if (error !== undefined) control["aria-invalid"] = true;
  return (
    <div className={classes("field", stacked && "field-stacked")}>
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      <div className="field-control">{children(control)}</div>
      {error === undefined ? null : (
        <div className="field-error" id={`${id}-error`}>
          {error}
        </div>
      )}
      {note ? (
        <div className="field-note" id={`${id}-note`}>
          {note}
        </div>
      ) : null}
    </div>
  );
}

export interface InputProps extends InputHTMLAttributes<HTMLInputElement> {
  mono?: boolean;
  ref?: React.Ref<HTMLInputElement>;
}

export function Input({ mono, className, ...rest }: InputProps): ReactElement {
  return (
    <input
      autoComplete="off"
      spellCheck={false}
      {...rest}
      className={classes("input", mono && "input-mono", className)}
    />
  );
}

export function TextArea(props: TextareaHTMLAttributes<HTMLTextAreaElement>): ReactElement {
  return (
    <textarea
      spellCheck={false}
      {...props}
      className={classes("input", "input-mono", props.className)}
    />
  );
}

export function Select(props: SelectHTMLAttributes<HTMLSelectElement>): ReactElement {
  return <select {...props} className={classes("input", props.className)} />;
}
