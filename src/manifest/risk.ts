/** How much harm a wrong answer of the model may do. `high` requires more before a version is approved and before it serves. */
export const risks = ['normal', 'high'] as const;
export type Risk = (typeof risks)[number];
