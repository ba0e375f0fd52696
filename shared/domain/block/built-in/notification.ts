// What the notification blocks of Prefect have in common.
import type { JsonObject } from '../../json.ts';
import { type BuiltInBlock, choice, flag } from './block-property.ts';

export const notifyType = choice(['info', 'success', 'warning', 'failure'], 'info', {
  title: 'Notify Type',
  description: 'How serious the message is.',
});

export const allowPrivate = flag(true, {
  title: 'Allow Private Urls',
  description: 'Whether the address may be one of a private network.',
});

type Notification = Omit<BuiltInBlock, 'documentation' | 'importedFrom' | 'capabilities' | 'isProtected' | 'fields'> & {
  readonly fields: (slug: string, description: string) => JsonObject;
};

export function notification(block: Notification): BuiltInBlock {
  return {
    ...block,
    documentation:
      'https://docs.prefect.io/latest/automate/events/automations-triggers#sending-notifications-with-automations',
    importedFrom: 'prefect.blocks.notifications',
    capabilities: ['notify'],
    isProtected: false,
    fields: block.fields(block.slug, block.description),
  };
}
