import { describe, expect, it } from "vitest";
import { freeName, planOfTrigger, planProblem, whenOfPlan } from "./plan";

describe("a plan", () => {
  it.each([
    ["* * * * *", null, "every"],
    ["*/15 * * * *", null, "every"],
    [null, "90m", "every"],
    [null, "2h", "every"],
    ["20 * * * *", null, "hourly"],
    ["30 2 * * *", null, "daily"],
    ["0 9 * * 1,3,5", null, "weekly"],
    ["5 0 31 * *", null, "monthly"],
    ["0 0 1 1 *", null, "cron"],
    ["*/7 * * * *", null, "cron"],
  ])("of cron %s, every %s is %s and says the same again", (cron, every, preset) => {
    const plan = planOfTrigger({ cron, every });
    expect(plan.preset).toBe(preset);
    expect(whenOfPlan(plan)).toEqual({ cron, every });
  });

  it("reads a range of weekdays as each of them", () => {
    expect(planOfTrigger({ cron: "0 9 * * 1-5", every: null }).weekdays).toEqual([1, 2, 3, 4, 5]);
  });

  it("says what is missing", () => {
    const plan = planOfTrigger({ cron: "0 9 * * 1", every: null });
    expect(planProblem({ ...plan, weekdays: [] })).toBe("Choose a day.");
    expect(planProblem({ ...plan, preset: "cron", cron: "* *" })).toContain("Five parts");
    expect(planProblem(plan)).toBeUndefined();
  });

  it("gets a name that is free", () => {
    expect(freeName("daily", ["daily", "daily_2"])).toBe("daily_3");
  });
});
