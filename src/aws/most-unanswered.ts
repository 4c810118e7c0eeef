/** Requests to models that may wait for their answers at a time, each on a connection of its own: a load test must not queue on this machine. */
export const mostUnanswered = 1000;
