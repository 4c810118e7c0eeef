/** Whether `MODEL_DELIVERY_CLOCK` is that of a simulator run by hand, as `model-delivery simulator --speed` prints it. */
export const isFollowed = (url: string | undefined): boolean => url?.endsWith('/clock/wall') === true;
