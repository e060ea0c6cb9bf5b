/** Where the phone is: asked when the person wants it, kept nowhere. */
export interface Here {
  point: [number, number];
  accuracy: number; // metres
  at: number;
}

/** The best position within the time given: the first is often off by a street. Undefined where there is none. */
export function locate(better: (here: Here) => void, patience = 8_000): Promise<Here | undefined> {
  const way = navigator.geolocation;
  if (!way) return Promise.resolve(undefined);
  return new Promise((done) => {
    let best: Here | undefined;
    const finish = () => {
      way.clearWatch(watch);
      clearTimeout(timer);
      done(best);
    };
    const watch = way.watchPosition(
      ({ coords, timestamp }) => {
        if (best && coords.accuracy > best.accuracy) return;
        best = { point: [coords.longitude, coords.latitude], accuracy: coords.accuracy, at: timestamp };
        better(best);
        if (coords.accuracy <= 15) finish();
      },
      (problem) => (problem.code === problem.PERMISSION_DENIED || !best) && finish(),
      { enableHighAccuracy: true, timeout: patience, maximumAge: 15_000 },
    );
    const timer = setTimeout(finish, patience);
  });
}
