/**
 * The texts of the page with the phones, in English and German. The key of each German text is the English text.
 *
 * Out of scope: texts that the application or the user has chosen, for example messages and device names.
 */

const german = {
  'Phones of the Nevis simulator': 'Telefone des Nevis-Simulators',
  Phones: 'Telefone',
  'Nevis simulator at {url}': 'Nevis-Simulator unter {url}',
  'Back to the page with the link': 'Zurück zur Seite mit dem Link',
  Sound: 'Ton',
  'Switch the cloud on': 'Cloud einschalten',
  'Switch the cloud off': 'Cloud ausschalten',
  'The cloud is switched off: applications cannot reach it. The phones go on.': 'Die Cloud ist ausgeschaltet: Anwendungen erreichen sie nicht. Die Telefone laufen weiter.',
  'No users yet. They appear here when your application enrols them.': 'Noch keine Benutzer. Sie erscheinen hier, sobald Ihre Anwendung sie registriert.',
  'User {id}': 'Benutzer {id}',
  'Nothing registered yet': 'Noch nichts eingerichtet',
  'No requests': 'Keine Anfragen',
  'Requests: {n}': 'Anfragen: {n}',
  'Do you want to log in?': 'Möchten Sie sich anmelden?',
  'Until {time}': 'Bis {time}',
  Accept: 'Zustimmen',
  Deny: 'Ablehnen',
  'Text messages, newest first': 'SMS, neueste zuerst',
  'Recovery codes left: {n}': 'Übrige Wiederherstellungscodes: {n}',
  'Set up or scan: paste the link behind “Open the Access App”': 'Einrichten oder scannen: Link von «Access App öffnen» einfügen',
  'Link or picture': 'Link oder Bild',
  Scan: 'Scannen',
  'Scan with the camera': 'Mit der Kamera scannen',
  Camera: 'Kamera',
  Cancel: 'Abbrechen',
  'Hold the QR code in front of the camera.': 'Halten Sie den QR-Code vor die Kamera.',
  'The camera cannot be used. Paste the link instead.': 'Die Kamera lässt sich nicht verwenden. Fügen Sie stattdessen den Link ein.',
  'App link': 'App-Link',
  'This link was opened on the phone': 'Dieser Link wurde auf dem Telefon geöffnet',
  'This link is not valid any more': 'Dieser Link ist nicht mehr gültig',
  'It registers the phone. Whose phone is it?': 'Er richtet das Telefon ein. Wessen Telefon ist es?',
  'It asks for an approval. Whose phone is it?': 'Er bittet um eine Bestätigung. Wessen Telefon ist es?',
  'Scan with {name}’s phone': 'Mit dem Telefon von {name} scannen',
  'There are no users yet.': 'Es gibt noch keine Benutzer.',
  'All phones': 'Alle Telefone',
  'This is not an app link of this simulator.': 'Das ist kein App-Link dieses Simulators.',
  "{name}'s phone cannot answer this request: it is for another phone.": 'Das Telefon von {name} kann diese Anfrage nicht beantworten: Sie ist für ein anderes Telefon.',
  "The request on {name}'s phone was approved already.": 'Der Anfrage auf dem Telefon von {name} wurde schon zugestimmt.',
  "The request on {name}'s phone has expired.": 'Die Anfrage auf dem Telefon von {name} ist abgelaufen.',
  "The request on {name}'s phone was denied.": 'Die Anfrage auf dem Telefon von {name} wurde abgelehnt.',
  "No request is waiting on {name}'s phone.": 'Auf dem Telefon von {name} wartet keine Anfrage.',
  'The phone could not do that.': 'Das Telefon konnte das nicht tun.',
  'This user does not exist any more.': 'Diesen Benutzer gibt es nicht mehr.',
} as const

/** An English text of the page. The type contains only texts that have a German translation. */
export type Text = keyof typeof german

/** @param values replace the placeholders in the text: `values.name` replaces `{name}` */
export type Translate = (text: Text, values?: Readonly<Record<string, string>>) => string

/** The language of a page, and its texts. */
export interface PhoneTexts {
  readonly language: 'en' | 'de'
  readonly t: Translate
}

/** @param acceptLanguage the header `Accept-Language`. The texts are German if it names German before English, otherwise English */
export function textsFor(acceptLanguage: string | undefined): PhoneTexts {
  const isGerman = /\b(?:en|de)\b/i.exec(acceptLanguage ?? '')?.[0].toLowerCase() === 'de'
  return {
    language: isGerman ? 'de' : 'en',
    t: (text, values = {}) => (isGerman ? german[text] : text).replace(/\{(\w+)\}/g, (all, name: string) => values[name] ?? all),
  }
}
