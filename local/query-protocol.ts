// The older AWS protocol, which EC2 speaks: a form with an `Action`, answered in XML.

export const isQueryCall = (contentType: string | undefined): boolean =>
  contentType?.startsWith('application/x-www-form-urlencoded') === true;

/** The operation and its members as they stand in the form: `Filter.1.Value.1`. */
export function readQuery(body: string): { readonly operation: string; readonly input: Record<string, string> } {
  const { Action: operation = '', ...input } = Object.fromEntries(new URLSearchParams(body));
  return { operation, input };
}

export function queryError({ code, message }: { readonly code: string; readonly message: string }): string {
  const error = `<Error><Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message></Error>`;
  return `<?xml version="1.0" encoding="UTF-8"?><Response><Errors>${error}</Errors></Response>`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
