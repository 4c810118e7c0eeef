/** What an action's main step leaves for its post step: kept by the runner, text only. */
export const stepState = { started: 'started', token: 'token', reported: 'reported' } as const;

/** In the post step's environment: the names of what says that the main step ended by itself and reported. */
export const nothingLeftToDo = [stepState.started, stepState.reported].map((name) => `STATE_${name}`);
