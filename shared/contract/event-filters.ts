// Prefect's event filter. Unknown fields are refused; what is left out is filled in by whoever asks the time.
import { z } from 'zod';
import { time, uuid } from './scalars.ts';

const texts = z.array(z.string()).nullish();

/** Labels with the patterns that they may fit. */
const resourceSpecification = z
  .record(z.string(), z.union([z.string(), z.array(z.string())]))
  .meta({ id: 'ResourceSpecification' });

const anyResource = z
  .strictObject({ id: texts, id_prefix: texts, labels: resourceSpecification.nullish() })
  .meta({ id: 'EventAnyResourceFilter' });

const related = z
  .strictObject({
    id: texts,
    role: texts,
    resources_in_roles: z.array(z.tuple([z.string(), z.string()])).nullish(),
    labels: resourceSpecification.nullish(),
  })
  .meta({ id: 'EventRelatedFilter' });

export const eventFilter = z
  .strictObject({
    occurred: z
      .strictObject({ since: time.optional(), until: time.optional() })
      .meta({ id: 'EventOccurredFilter' })
      .optional(),
    event: z
      .strictObject({ prefix: texts, exclude_prefix: texts, name: texts, exclude_name: texts })
      .meta({ id: 'EventNameFilter' })
      .nullish(),
    resource: z
      .strictObject({
        id: texts,
        id_prefix: texts,
        labels: resourceSpecification.nullish(),
        distinct: z.boolean().default(false),
      })
      .meta({ id: 'EventResourceFilter' })
      .nullish(),
    related: z.union([related, z.array(related)]).nullish(),
    any_resource: z.union([anyResource, z.array(anyResource)]).nullish(),
    id: z
      .strictObject({ id: z.array(uuid).nullish() })
      .meta({ id: 'EventIDFilter' })
      .optional(),
    text: z
      .strictObject({ query: z.string().max(200) })
      .meta({ id: 'EventTextFilter' })
      .nullish(),
    order: z.enum(['ASC', 'DESC']).meta({ id: 'EventOrder' }).default('DESC'),
  })
  .meta({ id: 'EventFilter' });
