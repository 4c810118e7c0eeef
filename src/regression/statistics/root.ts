/** The x between the ends at which a falling function becomes 0: by bisection, to the last digit. */
export const rootOfFalling = (of: (x: number) => number, from: number, to: number): number => {
  let below = from;
  let above = to;
  for (let step = 0; step < 200; step++) {
    const middle = (below + above) / 2;
    if (middle === below || middle === above) break;
    if (of(middle) > 0) below = middle;
    else above = middle;
  }
  return (below + above) / 2;
};
