/** Wilson's score statistic: by how many standard errors a share is above `assumed`. */
export const wilsonScore = (hits: number, rows: number, assumed: number): number => {
  const distance = hits / rows - assumed;
  return distance === 0 ? 0 : distance / Math.sqrt(Math.max(0, assumed * (1 - assumed)) / rows);
};

/** The share whose score is `z`: the lower bound for a positive z, the upper one for a negative. */
export const wilsonBound = (hits: number, rows: number, z: number): number => {
  const share = hits / rows;
  const square = z * z;
  const middle = share + square / (2 * rows);
  const width = Math.sqrt((share * (1 - share)) / rows + square / (4 * rows * rows));
  return Math.min(1, Math.max(0, (middle - z * width) / (1 + square / rows)));
};
