import { type ReactElement, useMemo } from "react";
import { useResource } from "../session";
import { type ControlProps, Input } from "../ui";

export interface TimeZonePickerProps {
  control: ControlProps;
  value: string;
  onChange(zone: string): void;
}

/** A text field that proposes named zones; what it does not know stays visible as an error. */
export function TimeZonePicker({ control, value, onChange }: TimeZonePickerProps): ReactElement {
  const zones = useTimeZones();
  const list = `${control.id}-zones`;
  return (
    <>
      <Input
        {...control}
        list={list}
        value={value}
        placeholder="Europe/Berlin"
        onChange={(event) => onChange(event.target.value)}
      />
      <span className="muted zone-offset">{offsetOf(value)}</span>
      <datalist id={list}>
        {zones.map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
    </>
  );
}

/** Zones the server knows; until it answers, those of the browser. */
function useTimeZones(): readonly string[] {
  const { data } = useResource("timezones", (api, signal) =>
    api.get<{ timezones: string[] }>("timezones", { signal }),
  );
  const own = useMemo(() => ["UTC", ...Intl.supportedValuesOf("timeZone")], []);
  return data?.timezones ?? own;
}

/** "UTC+1" now, or nothing for an unknown zone. */
export function offsetOf(zone: string, now: Date = new Date()): string {
  try {
    const parts = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      timeZoneName: "shortOffset",
    }).formatToParts(now);
    const name = parts.find(({ type }) => type === "timeZoneName")?.value ?? "";
    return name.replace("GMT", "UTC");
  } catch {
    return "";
  }
}

/** The zone that the reader's computer is in. */
export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}
