// Times on the wire, where none is null.
import { isoText } from '../../../shared/domain/iso-time.ts';

export { isoText };

export function isoOrNull(epochMilliseconds: number | undefined): string | null {
  return epochMilliseconds === undefined ? null : isoText(epochMilliseconds);
}
