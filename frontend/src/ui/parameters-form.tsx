import { type ReactElement, useState } from "react";
import type { Parameter } from "../protocol";
import { type ControlProps, Field, Input, Select, TextArea } from "./form";
import { formatValue } from "./format";
import { parameterProblem, readParameter, textOfValue } from "./parameters";

export interface ParametersFormProps {
  parameters: readonly Parameter[];
  /** Given values; what is missing has its default. */
  values: Readonly<Record<string, unknown>>;
  disabled?: boolean;
  stacked?: boolean;
  /** Called with the changed values only when all that is typed can be read. */
  onChange(values: Record<string, unknown>): void;
  /** Called as the form becomes valid or invalid. */
  onValidity?: (valid: boolean) => void;
}

/** A form of typed values. Each control says at once, in words, why it does not take what is typed. */
export function ParametersForm(props: ParametersFormProps): ReactElement {
  const [errors, setErrors] = useState<Record<string, string>>({});
  const setError = (name: string, error: string | undefined): void => {
    const { [name]: _, ...rest } = errors;
    const next = error === undefined ? rest : { ...rest, [name]: error };
    setErrors(next);
    props.onValidity?.(Object.keys(next).length === 0);
  };
  return (
    <div className="form">
      {props.parameters.map((parameter) => (
        <ParameterField
          key={parameter.name}
          parameter={parameter}
          value={props.values[parameter.name]}
          given={parameter.name in props.values}
          disabled={props.disabled ?? false}
          stacked={props.stacked ?? false}
          error={errors[parameter.name]}
          onError={(error) => setError(parameter.name, error)}
          onChange={(value) => props.onChange({ ...props.values, [parameter.name]: value })}
        />
      ))}
    </div>
  );
}

interface ParameterFieldProps {
  parameter: Parameter;
  value: unknown;
  given: boolean;
  disabled: boolean;
  stacked: boolean;
  error: string | undefined;
  onError(error: string | undefined): void;
  onChange(value: unknown): void;
}

function ParameterField(props: ParameterFieldProps): ReactElement {
  const { parameter, given, stacked } = props;
  const value = given ? props.value : parameter.default;
  const problem = props.error ?? (given ? parameterProblem(parameter, value) : undefined);
  return (
    <Field label={parameter.name} note={noteOf(parameter)} error={problem} stacked={stacked}>
      {(control) => <ParameterControl {...props} value={value} control={control} />}
    </Field>
  );
}

function ParameterControl(props: ParameterFieldProps & { control: ControlProps }): ReactElement {
  const { parameter, value, control, disabled, onChange } = props;
  if (parameter.type === "boolean" && !parameter.multiple) {
    return (
      <input
        {...control}
        type="checkbox"
        className="checkbox"
        disabled={disabled}
        checked={value === true}
        onChange={(event) => onChange(event.target.checked)}
      />
    );
  }
  if (parameter.choices !== null && !parameter.multiple) {
    const { choices } = parameter;
    return (
      <Select
        {...control}
        disabled={disabled}
        value={formatValue(value)}
        onChange={(event) => onChange(choices.find((one) => String(one) === event.target.value))}
      >
        {choices.some((one) => String(one) === String(value)) ? null : <option hidden />}
        {choices.map((choice) => (
          <option key={String(choice)}>{String(choice)}</option>
        ))}
      </Select>
    );
  }
  return <TypedInput {...props} />;
}

/** Keeps what is typed, even while it cannot be read yet. */
function TypedInput(props: ParameterFieldProps & { control: ControlProps }): ReactElement {
  const { parameter, value, control, disabled } = props;
  const outside = textOfValue(parameter, value);
  const [typed, setTyped] = useState<{ text: string; outside: string } | null>(null);
  const text = typed === null || (typed.outside !== outside && !props.error) ? outside : typed.text;
  const handleText = (next: string): void => {
    const reading = readParameter(parameter, next);
    if ("error" in reading) {
      setTyped({ text: next, outside });
      props.onError(reading.error);
      return;
    }
    setTyped({ text: next, outside: textOfValue(parameter, reading.value) });
    props.onError(undefined);
    props.onChange(reading.value);
  };
  const common = {
    ...control,
    disabled,
    value: text,
    placeholder: parameter.required ? "required" : "",
    onChange: (event: { target: { value: string } }) => handleText(event.target.value),
  };
  if (parameter.type === "json" || parameter.multiple) {
    const rows = Math.min(8, Math.max(2, text.split("\n").length));
    return <TextArea {...common} rows={rows} />;
  }
  return <Input {...common} {...INPUTS[parameter.type]} />;
}

const INPUTS: Record<Parameter["type"], { type?: string; inputMode?: "numeric" | "decimal" }> = {
  integer: { inputMode: "numeric" },
  number: { inputMode: "decimal" },
  string: {},
  boolean: {},
  date: { type: "date" },
  datetime: { type: "datetime-local" },
  json: {},
};

function noteOf({ description, minimum, maximum, multiple, type }: Parameter): string {
  const range =
    minimum !== null && maximum !== null
      ? `${minimum} to ${maximum}`
      : minimum !== null
        ? `from ${minimum}`
        : maximum !== null
          ? `up to ${maximum}`
          : "";
  const list = multiple && type !== "json" ? "one per line" : "";
  return [description, range, list].filter(Boolean).join(" · ");
}
