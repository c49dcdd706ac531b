// The vocabulary of the generated part: made-up names and titles, by language.
//
// Given names are real ones, surnames are glued from made-up halves: no list of real people is needed.
// Titles are a head and a complement that fit together grammatically whatever the pair.

/**
 * @typedef {object} Vocabulary
 * @property {string} language ISO 639-2/B
 * @property {string[]} given
 * @property {string[]} surnameStarts
 * @property {string[]} surnameEnds
 * @property {string[]} heads
 * @property {string[]} complements
 * @property {string} joint between head and complement
 * @property {"given first" | "surname first"} nameOrder
 */

/** @param {string} text @returns {string[]} */
const list = (text) => text.split(", ");

/** @type {Vocabulary} */
export const ENGLISH = {
  language: "eng",
  given: list(
    "Ada, Ambrose, Beatrix, Callum, Clementine, Desmond, Edith, Felix, Greta, Harriet, Imogen, Jasper, " +
      "Keziah, Leopold, Mabel, Nathaniel, Odette, Percival, Quentin, Rosalind, Silas, Tabitha, Ursula, " +
      "Wilfred",
  ),
  surnameStarts: list(
    "Thorn, Ashel, Brack, Calver, Dunmor, Elder, Farrow, Grims, Hallow, Ister, Kestrel, Larch, Merri, Nether",
  ),
  surnameEnds: list(
    "quist, wether, combe, dyke, fallow, garth, holt, mede, nook, pell, stowe, thwick, vane, wold",
  ),
  heads: list(
    "The Archive, The Clockmaker, The Atlas, A Grammar, The Lighthouse, The Cartographer, A History, " +
      "The Inheritance, The Weather, The Lanterns, Letters, The Orchard, The Silence, The Apprentice, " +
      "A Field Guide, The Ledger, The Ferryman, The Museum, The Long Winter, The Last Summer, " +
      "The Arithmetic, The Keepers, Notes, A Theory, The Bridges, The Daughters, The Salt Roads, " +
      "The Glass Rooms, Small Hours, The Gardeners",
  ),
  complements: list(
    "of Tides, of Borrowed Light, of Ravenmoor, of Small Mercies, of the North Shore, of Paper Birds, " +
      "of Hollow Hills, of Iron and Rain, of Unfinished Things, of Quiet Machines, of Saltmarsh Lane, " +
      "of Distant Bells, of Lost Maps, of the Ninth Winter, of Copper Wire, of Bright Water, " +
      "of Empty Stations, of Wild Geese, of the Old Harbour, of Everyday Ruins, of Blackthorn Hill, " +
      "of Slow Rivers, of Other Rooms, of Moths, of the Deep Field, of Broken Clocks, of Amber, " +
      "of the Tin Islands, of Nettle Street, of Ordinary Stars",
  ),
  joint: " ",
  nameOrder: "given first",
};

/** @type {Vocabulary[]} */
export const OTHER_LANGUAGES = [
  {
    language: "fre",
    given: list(
      "Adèle, Blaise, Céleste, Édouard, Garance, Honoré, Maëlle, Noël, Solène, Théophile, Zoé, Anaïs",
    ),
    surnameStarts: list("Beau, Clair, Mont, Roche, Vau, Pré, Haute, Brise, Chante, Grand"),
    surnameEnds: list("vigné, lanoé, quérel, sénard, fontey, brévaux, lourdin, marçay"),
    heads: list(
      "Le Jardin, La Maison, Les Ombres, L’Été, Le Silence, La Mémoire, Les Oiseaux, Le Voyage, " +
        "La Nuit, Les Lettres, L’Horloger, La Fenêtre, Le Goût, Les Héritiers, La Forêt, Le Théâtre",
    ),
    complements: list(
      "de verre, des brumes, d’autrefois, du dernier hiver, sans retour, au bord de l’eau, " +
        "de Saint-Aurèle, des absents, à l’envers, sous la neige, du sémaphore, de la rue Grise, " +
        "en février, des heures pâles, aux mille portes, d’ambre",
    ),
    joint: " ",
    nameOrder: "given first",
  },
  {
    language: "spa",
    given: list("Inés, Álvaro, Begoña, Joaquín, Ximena, Íñigo, Lucía, Ramón, Belén, Germán, Rocío, Tomás"),
    surnameStarts: list("Monte, Val, Cerra, Alba, Torre, Peña, Rio, Oli"),
    surnameEnds: list("quiñón, dérriz, verón, lagunés, marzán, turbide, sendín, barráiz"),
    heads: list(
      "El jardín, La casa, Los días, La memoria, El río, Las cartas, El invierno, La ciudad, El faro, " +
        "Las sombras, El último tren, La lluvia, Los espejos, El corazón, La frontera, Los pájaros",
    ),
    complements: list(
      "de arena, del silencio, de los otros, sin nombre, de Santa Iria, en otoño, del mediodía, " +
        "de sal, de nadie, bajo la luna, de la infancia, del fin del mundo, entre olivos, de papel, " +
        "de los ausentes, a contraluz",
    ),
    joint: " ",
    nameOrder: "given first",
  },
  {
    language: "ger",
    given: list(
      "Annegret, Björn, Dörte, Götz, Jürgen, Käthe, Lothar, Mechthild, Rüdiger, Sören, Ursel, Wolfram",
    ),
    surnameStarts: list("Birken, Eschen, Grün, Hasel, König, Lär, Möven, Schön"),
    surnameEnds: list("brück, dörfer, fäller, hüttner, lörch, rieß, stäbler, wöhrl"),
    heads: list(
      "Der Garten, Das Haus, Die Stille, Der Winter, Die Briefe, Das Gedächtnis, Die Straße, " +
        "Der Uhrmacher, Die Vögel, Das Licht, Die Gäste, Der Zug, Die Töchter, Das Archiv, Der Fluss, " +
        "Die Bücher",
    ),
    complements: list(
      "im Nebel, aus Glas, der Anderen, am Rande, ohne Namen, von Altenmoor, des Sommers, " +
        "hinter den Dünen, der Toten, im Schnee, der verlorenen Stunden, über dem Meer, von gestern, " +
        "zwischen den Jahren, des Wächters, der Füchse",
    ),
    joint: " ",
    nameOrder: "given first",
  },
  {
    language: "ita",
    given: list("Niccolò, Fiammetta, Ippolito, Ginevra, Oreste, Lavinia, Tancredi, Ornella, Ruggero, Agnese"),
    surnameStarts: list("Monte, Bella, Casta, Fonta, Serra, Valle, Roccha, Pietra"),
    surnameEnds: list("nuolo, drisi, lunghi, verzani, strelli, mondò, grisò, zuanti"),
    heads: list(
      "Il giardino, La casa, Le ombre, Il silenzio, La memoria, Le lettere, L’inverno, La città, " +
        "Il faro, I giorni, La finestra, Il fiume, Le stanze, Il viaggio",
    ),
    complements: list(
      "di vetro, degli altri, senza nome, di Sant’Elmo, d’autunno, sotto la neve, del sale, " +
        "dei gabbiani, di nessuno, perduto nel tempo, in fondo al mare, della pioggia, di carta, " +
        "alla fine dell’estate",
    ),
    joint: " ",
    nameOrder: "given first",
  },
  {
    language: "por",
    given: list("Inácio, Conceição, Estêvão, Graça, João, Lígia, Mércia, Otávio, Simão, Vitória"),
    surnameStarts: list("Alvo, Bran, Cauda, Mira, Serra, Vila, Outeiro, Pinha"),
    surnameEnds: list("lhães, queirão, mendró, rubião, sélves, tojal, vardão, gandra"),
    heads: list(
      "O jardim, A casa, Os dias, A memória, O rio, As cartas, O inverno, A cidade, O farol, " +
        "As sombras, A canção, O coração, Os pássaros, A estação",
    ),
    complements: list(
      "de areia, do silêncio, dos outros, sem nome, de São Telmo, de março, do sertão, de ninguém, " +
        "sob a chuva, da infância, das marés, de papel, dos ausentes, do fim da tarde",
    ),
    joint: " ",
    nameOrder: "given first",
  },
  {
    language: "swe",
    given: list("Åke, Göran, Märta, Östen, Sigrid, Torbjörn, Ylva, Håkan, Linnéa, Örjan"),
    surnameStarts: list("Björk, Grän, Häll, Lång, Sjö, Älv, Näs, Ström"),
    surnameEnds: list("vindel, kvarne, röde, stjälk, mårdh, fjärne, tångh, löfve"),
    heads: list(
      "Trädgården, Huset, Tystnaden, Vintern, Breven, Minnet, Gatan, Urmakaren, Fåglarna, Ljuset, " +
        "Gästerna, Tåget, Ön, Floden",
    ),
    complements: list(
      "i dimman, av glas, vid havet, utan namn, i Mörkvik, under isen, från förr, bortom skogen, " +
        "i gryningen, över fjärden, efter regnet, bland björkar, om natten, vid världens ände",
    ),
    joint: " ",
    nameOrder: "given first",
  },
  {
    language: "pol",
    given: list(
      "Łucja, Bożena, Świętosław, Jędrzej, Małgorzata, Żaneta, Wawrzyniec, Grażyna, Ścibor, Michał",
    ),
    surnameStarts: list("Brzo, Dąbro, Gwiżdż, Jarzę, Kościo, Łosz, Wierz, Żóra"),
    surnameEnds: list("winek, gałka, miłko, nacz, rębka, szyca, tłocz, żyk"),
    heads: list(
      "Ogród, Dom, Cisza, Zima, Listy, Pamięć, Ulica, Zegarmistrz, Ptaki, Światło, Goście, Pociąg, " +
        "Wyspa, Rzeka",
    ),
    complements: list(
      "we mgle, ze szkła, nad morzem, bez imienia, w Mroczewie, pod śniegiem, za lasem, o świcie, " +
        "po deszczu, wśród brzóz, nocą, na końcu świata, z popiołu, dla nieobecnych",
    ),
    joint: " ",
    nameOrder: "given first",
  },
  {
    language: "rus",
    given: list("Аркадий, Всеволод, Глеб, Игнат, Лаврентий, Платон, Савва, Тихон, Фёдор, Ярослав"),
    surnameStarts: list("Берёз, Верхо, Горо, Журав, Кремен, Лесо, Медян, Снего"),
    surnameEnds: list("глебин, лучин, морцев, пасский, радинский, стужин, тропов, яркин"),
    heads: list(
      "Сад, Дом, Тишина, Зима, Письма, Память, Улица, Часовщик, Птицы, Свет, Гости, Поезд, " +
        "Остров, Река, Хроника, Тень",
    ),
    complements: list(
      "в тумане, из стекла, у моря, без имени, в Заозёрье, под снегом, за лесом, на рассвете, " +
        "после дождя, среди берёз, по ночам, на краю света, из пепла, для отсутствующих, с того берега, " +
        "в октябре",
    ),
    joint: " ",
    nameOrder: "given first",
  },
  {
    language: "gre",
    given: list("Αλέξης, Βασίλης, Γιώργος, Δημήτρης, Ελένη, Ζωή, Θάλεια, Κατερίνα, Νίκη, Σωτήρης"),
    surnameStarts: list("Αλμυρο, Βουνο, Γλαυκο, Θαλασσο, Μαυρο, Πετρο, Φεγγο, Ψηλο"),
    surnameEnds: list("κάλης, μέλης, νέλης, ράτης, τάλης, φάνης, δέλης, λάτης"),
    heads: list(
      "Ο κήπος, Το σπίτι, Η σιωπή, Ο χειμώνας, Τα γράμματα, Η μνήμη, Ο δρόμος, Τα πουλιά, Το φως, " +
        "Η πόλη, Το νησί, Η άνοιξη",
    ),
    complements: list(
      "στην ομίχλη, από γυαλί, της θάλασσας, χωρίς όνομα, των άλλων, κάτω από το χιόνι, του νότου, " +
        "μετά τη βροχή, της νύχτας, στην άκρη του κόσμου, των απόντων, από αλάτι",
    ),
    joint: " ",
    nameOrder: "given first",
  },
  {
    language: "jpn",
    given: list("澄江, 弦太, 千鶴子, 冬馬, 文緒, 蓮司, 朔也, 小夜子, 涼平, 美雪"),
    surnameStarts: list("霧, 鷺, 雪, 蓬, 椿, 朧, 葦, 燈"),
    surnameEnds: list("ヶ淵, 乃浦, 架橋, 見坂, 守谷, 渡瀬, 臥山, 織野"),
    heads: list(
      "海辺, 灰色, 真夜中, 硝子, 名もなき人々, 北国, 雨上がり, 九月, 遠い街, 夏の終わり, 月影, 最後の駅",
    ),
    complements: list("庭, 手紙, 図書館, 時計職人, 記憶, 沈黙, 灯台, 鳥たち, 地図, 列車, 椅子, 約束"),
    joint: "の",
    nameOrder: "surname first",
  },
  {
    language: "ara",
    given: list("أمين, بشرى, جميل, رباب, سليم, شهلا, طارق, لمياء, نبيل, هالة"),
    surnameStarts: list("الزهر, النهر, البحر, الصخر, الغيم, القمر, الشمس, الورد"),
    surnameEnds: list("اوي, وني, اني, يني, واتي, يدي, اشي, ومي"),
    heads: list("حديقة, بيت, رسائل, ذاكرة, ليل, مدينة, طيور, نافذة, شتاء, حارس, طريق, ظلال"),
    complements: list(
      "البحر, الغائبين, الرمل, الصمت, المطر, الشمال, الغريب, الزجاج, الملح, القمر, الرحيل, الزيتون",
    ),
    joint: " ",
    nameOrder: "given first",
  },
];

export const SUBJECTS = list(
  "fiction, fantasy, science fiction, mystery, detective and mystery stories, thriller, romance, " +
    "historical fiction, horror, poetry, essays, biography, travel, history, philosophy, " +
    "natural history, popular science, mathematics, economics, politics, music, art, cooking, gardening, " +
    "children's fiction, young adult fiction, short stories, psychology, sociology, graphic novels, " +
    "drama, memoir, humor, technology, religion, adventure",
);
