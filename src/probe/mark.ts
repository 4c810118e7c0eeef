/** The tag by which a run's objects are known. Its value is the run. */
export const tagKey = 'model-delivery-probe';

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

export const tagsOf = (run: string): readonly Tag[] => [{ Key: tagKey, Value: run }];

/** CloudWatch shows the description of an alarm in every listing, and its tags in none. */
export const alarmMark = (run: string): string => `Made by ${tagKey} ${run}; may be deleted.`;

/** The run that made an alarm with this description. */
export const runOfAlarm = (description: string | undefined): string | undefined =>
  new RegExp(`^Made by ${tagKey} ([0-9a-f]{8});`).exec(description ?? '')?.[1];

/** A pipeline shows its stages, and an action type its URL, where their tags would be a call each. */
export const stageMark = (run: string): string => `${tagKey}-${run}`;
export const runOfStage = (name: string | undefined): string | undefined =>
  new RegExp(`^${tagKey}-([0-9a-f]{8})$`).exec(name ?? '')?.[1];

export const typeUrl = (run: string): string => `https://example.com/${tagKey}/${run}`;
export const runOfType = (url: string | undefined): string | undefined =>
  new RegExp(`^https://example.com/${tagKey}/([0-9a-f]{8})$`).exec(url ?? '')?.[1];
