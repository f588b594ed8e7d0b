import { pluralOf } from '../plural'
import type { Later } from '../translation'

const plural = pluralOf('ru')
const минут = (count: number) => plural(count, { one: '# минута', few: '# минуты', other: '# минут' })
const часов = (count: number) => plural(count, { one: '# час', few: '# часа', other: '# часов' })
const дней = (count: number) => plural(count, { one: '# день', few: '# дня', other: '# дней' })
const задач = (count: number) => plural(count, { one: '# задачу', few: '# задачи', other: '# задач' })
const записей = (count: number) => plural(count, { one: '# запись', few: '# записи', other: '# записей' })

export const later: Later = {
  admin: {
    pages: { overview: 'Обзор', use: 'Статистика', users: 'Учётные записи', invitations: 'Приглашения', sessions: 'Сеансы', audit: 'Журнал', keys: 'Ключи подписи', roles: 'Роли' },
    numbers: 'В числах', version: 'Версия', uptime: 'Работает', database: 'База данных', cache: 'Кеш', healthy: 'отвечает', unhealthy: 'не отвечает', users: 'Учётные записи', activeUsers: 'Активные записи', sessions: 'Открытые сеансы', projects: 'Проекты', tasks: 'Задачи', failed: 'Отклонённые входы за 24 часа',
    hours: часов, days: дней, minutes: минут,
    findUser: 'Найти запись', username: 'Имя', email: 'E-mail', role: 'Роль', state: 'Состояние', created: 'С', actions: 'Действия', active: 'Активна', disabled: 'Отключена', noPassword: 'Пароля ещё нет', noUsers: 'Ни одна запись не подходит.', you: 'Вы',
    roles: { guest: 'Гость', user: 'Пользователь', admin: 'Администратор' },
    newUser: 'Новая запись', make: 'Создать', linkTitle: 'Ссылка для выбора пароля', linkAdvice: 'Передайте её. Она действует один раз.', link: 'Ссылка', mailed: (address) => `Ссылка отправлена на ${address}.`, manage: (name) => `Управлять: ${name}`,
    changeRole: (role) => `Сделать: ${role}`, changeRoleTitle: (name, role) => `${name}: новая роль «${role}»?`, changeRoleText: 'Действует со следующего запроса, на всех устройствах.',
    disable: 'Отключить', enable: 'Включить', disableTitle: (name) => `Отключить ${name}?`, disableText: 'Все сеансы и токены API сразу завершатся. Задачи останутся, запись можно включить снова.', endSessions: 'Завершить все сеансы', endSessionsTitle: (name) => `Завершить все сеансы: ${name}?`, endSessionsText: 'Все сеансы завершатся сразу.', resetLink: 'Ссылка для нового пароля', changed: 'Запись изменена', sessionsEnded: 'Сеансы завершены',
    invite: 'Пригласить', inviteLead: 'Ссылка, по которой создают учётную запись.', newInvitation: 'Новое приглашение', inviteEmail: 'Адрес e-mail (необязательно)', noInvitations: 'Открытых приглашений нет.', withdraw: 'Отозвать', withdrawn: 'Приглашение отозвано', used: 'Использовано', expires: 'до', anyone: 'Любой, у кого есть ссылка',
    sessionsLead: 'Все устройства, на которых выполнен вход.', noSessions: 'Никто не вошёл.', endSession: 'Завершить', endSessionOf: (name, device) => `Завершить сеанс: ${name}, ${device}`, lastUsed: 'последнее действие',
    auditLead: 'Кто и что делал с записями и доступом; каждая запись скреплена предыдущей.', event: 'Событие', outcome: 'Исход', anyEvent: 'Все события', anyOutcome: 'Любой исход', success: 'Успех', failure: 'Отказ', who: 'Кто', whom: 'Кого', when: 'Когда', from: 'Откуда', searchAudit: 'Имя, адрес или запрос', noRecords: 'Ни одна запись не подходит.', verify: 'Проверить', verifying: 'Проверка…', intact: (count) => `Цело: проверено ${записей(count)}`, unsealed: (count) => `ещё не скреплено: ${count}`, broken: (position, kind) => `Нарушено на записи ${position}: ${kind}`, exportAudit: 'Выгрузить', details: 'Подробности',
    keysLead: 'Ими подписываются токены доступа. Новый ключ вступает в силу сам; токены прежнего действуют, пока не истекут.', key: 'Ключ', algorithm: 'Алгоритм', age: 'Возраст', keyStates: { next: 'Следующий', active: 'Действует', 'verify-only': 'Только проверка' }, rotate: 'Сменить', emergency: 'Экстренная смена', rotateTitle: 'Сменить ключи подписи?', rotateText: 'Следующий ключ вступит в силу. Никто не выйдет из системы.', emergencyTitle: 'Заменить все ключи подписи?', emergencyText: 'Для украденного ключа: все токены доступа сразу теряют силу, и каждый сеанс обновляется. Введите слово, чтобы продолжить.', typeWord: (word) => `Введите слово «${word}»`, word: 'сменить', rotated: 'Ключи сменены', stale: 'Для этого вход должен быть не старше 10 минут.', signInAgain: 'Войти снова',
    rolesLead: 'Что может каждая роль. В проектах у участников свои роли; роль записи — предел.', may: 'Может', granted: 'да', refused: 'нет', permissions: { read: 'Читать задачи проектов, в которых участвует', write: 'Добавлять и изменять задачи, проекты, метки', share: 'Делиться своими проектами', tokens: 'Создавать токены API', admin: 'Управлять записями, приглашениями, сеансами', audit: 'Читать и выгружать журнал', keys: 'Менять ключи подписи' },
  },
  analytics: {
  
    range: 'Дни', ranges: { 7: '7 дней', 30: '30 дней', 90: '90 дней', 365: 'Год' }, project: 'Проект', allProjects: 'Все проекты',
    asOf: (time) => `Подсчитано по ${time}`, counting: 'Подсчитано ещё не всё.', nothing: 'За эти дни показать нечего.',
    created: 'Создано', completed: 'Выполнено', open: 'Открыто', overdue: 'Просрочено', onTime: 'В срок', lead_time: 'От создания до выполнения', cycle_time: 'От начала до выполнения', none: '–',
    byDay: 'Создано и выполнено', byAge: 'Открытые задачи по возрасту', byPriority: 'Открытые задачи по приоритету', byProject: 'По проектам', byPerson: 'По людям', byHour: 'Выполнено по часам недели', onTimeByDay: 'Выполнено в срок',
    day: 'День', age: 'Дней с создания', ages: { '0-1': 'До 1', '2-7': 'От 2 до 7', '8-30': 'От 8 до 30', '31-90': 'От 31 до 90', '91+': 'Больше 90' }, priority: 'Приоритет', person: 'Кто', nobody: 'Никто', former: 'Кто-то другой', weekday: 'День недели', late: 'С опозданием',
    asTable: 'Показать таблицей', asChart: 'Показать графиком', csv: 'Скачать как CSV', of: (what, chart) => `${what}: ${chart}`, at: (day, hour) => `${day}, ${hour}`,
    span: { minutes: минут, hours: часов, days: дней },
    useLead: 'Дни и часы по UTC, не старше минуты.', requests: 'Запросы по часам за двое суток', answered: 'С ответом', refused: 'Отклонено', signIns: 'Входы по дням', signedIn: 'Вошли', refusedSignIns: 'Отклонено', refreshes: 'Токены обновления по дням', exchanged: 'Обменяно', repeated: 'Повторено', reused: 'Использованные показаны снова', active: 'Активные записи по дням', accounts: 'Учётные записи', hour: 'Час',
  },
  data: {
    notifications: 'Уведомления', notificationsLead: 'Напоминания и то, что другие назначают, упоминают и комментируют.', noNotifications: 'Пока ничего.', markAll: 'Отметить все прочитанными', unread: 'Новое',
    kinds: { reminder: () => 'Напоминание', mentioned: (who) => `${who}: упоминание о вас`, assigned: (who) => `${who}: назначено вам`, commented: (who) => `${who}: комментарий` }, someone: 'Кто-то',
    exportTitle: 'Выгрузка', exportLead: 'Всё, что вы видите: сохранить или забрать с собой. JSON возвращается без потерь.', download: (format) => `Скачать ${format}`,
    importTitle: 'Загрузка', importLead: 'Из JSON, CSV или iCalendar. Сначала файл просматривается; ничего не пишется, пока вы не скажете.', file: 'Файл', into: 'Проект', intoOwn: 'Как в файле, иначе во входящие', check: 'Просмотреть', run: (count) => `Загрузить ${задач(count)}`, skipInvalid: 'Пропустить неверные строки',
    report: 'Что найдено', read: 'Прочитано строк', fresh: 'Новые задачи', duplicates: 'Уже есть', problems: 'Неверные', comments: 'Комментарии', row: 'Строка', field: 'Поле', message: 'Причина', sample: 'Первые задачи', imported: (count) => `Загружено: ${count}`, nothing: 'В этом файле нет нового.', unknownType: 'Нужен файл .json, .csv или .ics.', undone: 'Загрузка отменена', undo: 'Отменить загрузку',
  },
  panel: {
    label: 'Задача', close: 'Закрыть задачу', copyLink: 'Копировать ссылку', copied: 'Ссылка скопирована', more: 'Другие действия', missing: 'Такой задачи нет, она в корзине или вам её не видно.',
    duplicate: 'Создать копию', skip: 'К следующей дате', untitled: 'Без названия', trashed: 'Эта задача в корзине.',
    details: 'Подробности', due: 'Срок', deadline: 'Крайний срок', priority: 'Приоритет', status: 'Состояние', project: 'Проект', labels: 'Метки', assignees: 'Назначено', repeat: 'Повтор', none: 'Нет',
    add: (what) => `Добавить: ${what}`, change: (what, value) => `${what}: ${value}`,
    description: 'Описание', describe: 'Добавить описание', editDescription: 'Изменить описание',
    subtasks: 'Подзадачи', addSubtask: 'Добавить подзадачу', open: (title) => `Открыть: ${title}`,
    relations: 'Связанные задачи', addRelation: 'Добавить связанную задачу', removeRelation: (title) => `Больше не связана: ${title}`, hidden: 'Задача, которую нельзя показать',
    kinds: { blocks: 'Блокирует', blocked_by: 'Её блокирует', relates: 'Связана с', duplicates: 'Повторяет', duplicated_by: 'Повторяется в', precedes: 'Идёт перед', follows: 'Идёт после' },
    reminders: 'Напоминания', addReminder: 'Добавить напоминание', atDue: 'В срок', before: (span) => `За ${span} до срока`, minutes: (count) => plural(count, { one: '# минуту', few: '# минуты', other: '# минут' }),
    hours: часов, days: дней, removeReminder: (what) => `Убрать напоминание: ${what}`,
    comments: 'Комментарии', comment: 'Комментарий', commentHint: 'Напишите комментарий. @имя сообщит человеку.', send: 'Отправить', editComment: 'Изменить', deleteComment: 'Удалить', edited: 'изменён', someone: 'Кто-то', commentDeleted: 'Комментарий удалён',
    activity: 'История', showActivity: 'Показать историю', did: (who, what) => `${who}: ${what}`, changedFields: (fields) => `изменено: ${fields}`,
    actions: {
      created: 'задача добавлена', updated: 'изменение', completed: 'выполнено', reopened: 'открыто снова', deleted: 'перемещено в корзину', restored: 'восстановлено', moved: 'перенесено', skipped: 'перенесено на следующую дату', imported: 'загружено',
    },
    names: {
      title: 'название', description: 'описание', due: 'срок', deadline: 'крайний срок', start: 'начало', priority: 'приоритет', status: 'состояние', labels: 'метки', assignee_ids: 'назначение',
      project_id: 'проект', section_id: 'раздел', parent_id: 'вышестоящая задача', recurrence: 'повтор', estimate_minutes: 'оценка', position: 'порядок',
    },
    rule: {
      custom: 'Словами…', customHint: 'Например, «every 2 weeks» или «every 1st»', notARule: 'Это не похоже на повтор.', none: 'Без повтора', afterDone: 'Считать от выполнения', counted: (rule) => `${rule}, от выполнения`,
      every: { DAILY: 'Каждый день', WEEKLY: 'Каждую неделю', MONTHLY: 'Каждый месяц', YEARLY: 'Каждый год' }, weekdays: 'По будням',
      interval: {
        DAILY: (count) => `Раз в ${дней(count)}`, WEEKLY: (count) => `Раз в ${plural(count, { one: '# неделю', few: '# недели', other: '# недель' })}`,
        MONTHLY: (count) => `Раз в ${plural(count, { one: '# месяц', few: '# месяца', other: '# месяцев' })}`, YEARLY: (count) => `Раз в ${plural(count, { one: '# год', few: '# года', other: '# лет' })}`,
      },
      on: (rule, days) => `${rule}: ${days}`, onDay: (rule, day) => `${rule}, ${day}-го числа`, lastDay: (rule) => `${rule}, в последний день`,
    },
  },
  sections: {
    title: 'Разделы', lead: 'Они делят список проекта и служат столбцами его доски.', none: 'Разделов пока нет.', add: 'Добавить раздел', name: 'Название раздела', rename: (name) => `Переименовать: ${name}`,
    up: (name) => `Выше: ${name}`, down: (name) => `Ниже: ${name}`, remove: (name) => `Удалить: ${name}`, removed: 'Раздел удалён, его задачи остались в проекте.',
  },
  settings: {
    pages: { profile: 'Профиль', appearance: 'Вид', shortcuts: 'Клавиши', notifications: 'Уведомления', data: 'Данные', security: 'Безопасность' },
    you: 'Вы', youLead: 'Как вас видят другие и по каким часам идут ваши дни.',
    displayName: 'Имя', displayNameHint: 'Его видят те, с кем вы делите проекты.',
    username: 'Имя пользователя', usernameFixed: 'С ним вы входите. Оно не меняется.',
    zone: 'Часовой пояс', zoneHint: 'Когда начинается «сегодня» и когда приходят напоминания.', zoneOfBrowser: (zone) => `Взять с этого устройства: ${zone}`,
    savedProfile: 'Профиль сохранён',
    email: 'Адрес e-mail', emailLead: 'С ним можно входить. На него приходят ссылки и уведомления о безопасности.',
    noEmail: 'Пока нет.', emailConfirmed: 'подтверждён', emailOpen: 'не подтверждён',
    newEmail: 'Новый адрес', currentPassword: 'Текущий пароль', sendLink: 'Отправить ссылку для подтверждения',
    linkSent: (address) => `Ссылка отправлена на ${address}. Адрес вступит в силу, когда вы её откроете.`,
    badEmail: 'Нужен адрес вида mira@example.org.',
    noMail: 'Этот сервер не отправляет почту, поэтому адрес нельзя подтвердить. Обратитесь к администратору.',
    password: 'Пароль', passwordLead: 'С новым паролем на других ваших устройствах будет выполнен выход, а токены API отозваны. На этом вы останетесь.',
    changePassword: 'Сменить пароль', passwordChanged: 'Пароль изменён. На других устройствах выполнен выход.',
    wrongPassword: 'Это не ваш текущий пароль.',
    look: 'Оформление', lookLead: 'Хранится в этом браузере.',
    density: 'Плотность', densities: { comfortable: 'Свободная', compact: 'Плотная' },
    firstDay: 'Неделя начинается с', firstDayAuto: (day) => `Как принято в языке (${day})`,
    language: 'Язык', languageAuto: (name) => `Как в браузере (${name})`, languageFailed: 'Этот язык не удалось загрузить.',
    keys: 'Все сочетания', keysLead: 'Действуют, пока вы не печатаете.',
    single: 'Команды одной клавишей',
  },
}
