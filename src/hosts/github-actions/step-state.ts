/** The state that an action's main step leaves for its post step; the runner keeps it, as text only. */
export const stepState = { started: 'started', token: 'token', reported: 'reported' } as const;

/** The variables in the post step's environment that show that the main step ended by itself and reported. */
export const nothingLeftToDo = [stepState.started, stepState.reported].map((name) => `STATE_${name}`);
