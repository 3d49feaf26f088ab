// A counter of visits, which a restart of the host does not lose.

import { room } from 'ws-host-guest';

export default {
  onConnect() {
    const visits = (room.store.get('visits') ?? 0) + 1;
    room.store.set('visits', visits);
    room.broadcast(`visit ${visits}`);
  },
};
