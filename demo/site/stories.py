"""The settings that questions borrow, from bakeries to beehives."""

from demo.site.material import Story

STORIES: tuple[Story, ...] = (
    Story(
        name="bakery",
        place="a small chain of bakeries",
        unit="shop",
        units="shops",
        group="district",
        groups="districts",
        outcome="turnover",
        x="outside temperature",
        z="footfall",
        treatment="the new window display",
        event="closure",
        documents="customer reviews",
        period="day",
        y="turnover",
        x_name="temp",
        z_name="footfall",
        unit_name="shop",
        group_name="district",
        intros="""
        - I help a small chain of bakeries make sense of «its|their old» till records.
        - My sister runs «n» bakeries, and I am the one in the family who «knows|is supposed to
          know» some statistics.
        - At work we look after the numbers of a bakery chain: turnover, weather and how many people
          walk past «each door|the windows».
        """,
    ),
    Story(
        name="bikes",
        place="the city's bicycle counters",
        unit="counter",
        units="counters",
        group="corridor",
        groups="corridors",
        outcome="bicycle traffic",
        x="rainfall",
        z="wind speed",
        treatment="the protected lane",
        event="sensor failure",
        documents="maintenance reports",
        period="hour",
        y="bikes",
        x_name="rain",
        z_name="wind",
        unit_name="counter",
        group_name="corridor",
        intros="""
        - Our city has «n» automatic bicycle counters, and I have been given everything they have
          recorded «since they were installed|in «years» years».
        - I volunteer for a cycling association. We got hold of the hourly readings of the bicycle
          counters and matched them with the weather.
        - For my master's thesis I study what makes people cycle, using induction loops in the road.
        """,
    ),
    Story(
        name="clinic",
        place="a regional hospital",
        unit="patient",
        units="patients",
        group="ward",
        groups="wards",
        outcome="blood pressure",
        x="body weight",
        z="salt intake",
        treatment="the new dosing schedule",
        event="readmission",
        documents="discharge letters",
        period="week",
        y="bp",
        x_name="weight",
        z_name="salt",
        unit_name="patient",
        group_name="ward",
        intros="""
        - I am a «junior doctor|nurse|physician» with some training in statistics, but not enough of
          it.
        - Our hospital has let me use (anonymised) records of patients with high blood pressure.
        - I work with clinicians who collect «excellent data in terrible spreadsheets|a lot of data
          and ask questions later».
        """,
    ),
    Story(
        name="bees",
        place="a beekeepers' association",
        unit="hive",
        units="hives",
        group="apiary",
        groups="apiaries",
        outcome="honey yield",
        x="nectar flow",
        z="mite load",
        treatment="the oxalic acid treatment",
        event="colony loss",
        documents="inspection notes",
        period="week",
        y="honey",
        x_name="nectar",
        z_name="mites",
        unit_name="hive",
        group_name="apiary",
        intros="""
        - I keep bees, and together with «some|a few» neighbours I have been weighing our hives for
          «years» years.
        - Our beekeepers' association put scales under the hives, and now everybody asks me what the
          numbers mean.
        - The data come from beehives in the hills here, looked after by «amateurs|people» of very
          different experience.
        """,
    ),
    Story(
        name="pumps",
        place="a water works",
        unit="pump",
        units="pumps",
        group="plant",
        groups="plants",
        outcome="vibration",
        x="bearing temperature",
        z="running time",
        treatment="the new lubricant",
        event="breakdown",
        documents="log messages",
        period="hour",
        y="vibration",
        x_name="bearing_temp",
        z_name="runtime",
        unit_name="pump",
        group_name="plant",
        intros="""
        - I maintain pumps for a living and «came to statistics late|am new to statistics».
        - We have vibration sensors on our pumps, which write a line into a log every few seconds.
        - My data are sensor logs of «n» pumps in «k» water works.
        """,
    ),
    Story(
        name="school",
        place="a group of primary schools",
        unit="pupil",
        units="pupils",
        group="class",
        groups="classes",
        outcome="reading speed",
        x="homework time",
        z="screen time",
        treatment="the peer tutoring scheme",
        event="dropout",
        documents="pupils' essays",
        period="month",
        y="reading",
        x_name="homework",
        z_name="screen",
        unit_name="pupil",
        group_name="class_id",
        intros="""
        - I teach at a primary school and «am doing|have started» a part-time degree in education.
        - Our study follows pupils through «years» years of primary school; classes were assigned,
          pupils were not.
        - A few schools in our town agreed to measure how fast their pupils read.
        """,
    ),
    Story(
        name="library",
        place="the county library",
        unit="branch",
        units="branches",
        group="town",
        groups="towns",
        outcome="lending",
        x="floor space",
        z="staff time",
        treatment="the fine-free policy",
        event="membership lapse",
        documents="suggestion cards",
        period="week",
        y="loans",
        x_name="floor_space",
        z_name="staff_hours",
        unit_name="branch",
        group_name="town",
        intros="""
        - I am a librarian, and the county has asked us to justify «the opening hours|our budget»
          with data.
        - Our libraries have recorded every loan since the «nineties|catalogue went digital», and I
          finally have a reason to look at it.
        - I analyse lending at «n» library branches, large and tiny.
        """,
    ),
    Story(
        name="hotel",
        place="a group of family hotels",
        unit="hotel",
        units="hotels",
        group="region",
        groups="regions",
        outcome="occupancy",
        x="room price",
        z="lead time",
        treatment="the free cancellation offer",
        event="cancellation",
        documents="guest comments",
        period="day",
        y="occupancy",
        x_name="price",
        z_name="lead_time",
        unit_name="hotel",
        group_name="region",
        intros="""
        - I work for a booking office that serves «n» family-run hotels.
        - Our data set has one row for each hotel and night, with what the room cost and how long
          ahead it was booked.
        - I inherited a reporting project from a colleague who left: hotel bookings, and «no
          documentation|very little documentation».
        """,
    ),
    Story(
        name="coffee",
        place="a coffee roastery",
        unit="batch",
        units="batches",
        group="roaster",
        groups="roasters",
        outcome="cup quality",
        x="moisture content",
        z="roasting time",
        treatment="the longer cooling step",
        event="spoilage",
        documents="tasting notes",
        period="week",
        y="quality",
        x_name="moisture",
        z_name="roast_time",
        unit_name="batch",
        group_name="roaster",
        intros="""
        - Yes, this is about coffee. We roast small batches and score every one of them blind.
        - I run quality control at a coffee roastery, mostly with a spreadsheet and «patience|a good
          nose».
        - We would like to know what makes a good batch of coffee, and we have «years» years of
          notes.
        """,
    ),
    Story(
        name="calls",
        place="a support hotline",
        unit="agent",
        units="agents",
        group="team",
        groups="teams",
        outcome="handling time",
        x="call volume",
        z="training time",
        treatment="the new script",
        event="resignation",
        documents="call transcripts",
        period="day",
        y="handling",
        x_name="calls",
        z_name="training",
        unit_name="agent",
        group_name="team",
        intros="""
        - I plan shifts for a telephone hotline and have all its call records.
        - Our call centre has «n» agents in «k» teams, and every call is timed.
        - Management wants to know why some calls take so long, and I would rather answer with data
          than with opinions.
        """,
    ),
    Story(
        name="nursery",
        place="a tree nursery",
        unit="sapling",
        units="saplings",
        group="bed",
        groups="beds",
        outcome="stem growth",
        x="soil moisture",
        z="light exposure",
        treatment="the mulch treatment",
        event="die-back",
        documents="field notes",
        period="week",
        y="growth",
        x_name="moisture",
        z_name="light",
        unit_name="sapling",
        group_name="bed",
        intros="""
        - I do my PhD in forestry; the data are saplings in a nursery, measured with callipers in
          all weathers.
        - We planted oak and larch in «k» beds and have measured them ever since.
        - A tree nursery lets our students practise on its records.
        """,
    ),
    Story(
        name="trout",
        place="a river survey",
        unit="fish",
        units="fish",
        group="stream",
        groups="streams",
        outcome="body length",
        x="water temperature",
        z="food supply",
        treatment="the gravel restoration",
        event="recapture",
        documents="anglers' reports",
        period="month",
        y="length_mm",
        x_name="water_temp",
        z_name="food",
        unit_name="fish",
        group_name="stream",
        intros="""
        - I am a fish ecologist. We tag trout in «k» streams and «hope to meet|catch» some of them
          again.
        - Our survey has electrofished the same «k» streams every autumn for «years» years.
        - The data are lengths of tagged trout, and nobody told the fish about balanced designs.
        """,
    ),
    Story(
        name="running",
        place="a federation of running clubs",
        unit="runner",
        units="runners",
        group="club",
        groups="clubs",
        outcome="finishing time",
        x="training mileage",
        z="sleep duration",
        treatment="the interval programme",
        event="injury",
        documents="training diaries",
        period="week",
        y="finish",
        x_name="mileage",
        z_name="sleep",
        unit_name="runner",
        group_name="club",
        intros="""
        - I coach a running club and have collected training diaries for «years» seasons.
        - My data are race results of amateur runners together with «whatever their watches
          recorded|their training logs».
        - This started as a bet between two running clubs and has grown into a proper data set.
        """,
    ),
    Story(
        name="turbines",
        place="an operator of wind farms",
        unit="turbine",
        units="turbines",
        group="wind farm",
        groups="wind farms",
        outcome="power output",
        x="wind speed",
        z="blade pitch",
        treatment="the pitch correction",
        event="gearbox failure",
        documents="service reports",
        period="hour",
        y="power",
        x_name="wind",
        z_name="pitch",
        unit_name="turbine",
        group_name="farm",
        intros="""
        - I work on wind turbines, on the data side of them.
        - We have ten-minute averages from «n» turbines, and gaps wherever the ice was.
        - Our company operates wind farms, and my job is to find out which turbines could do better.
        """,
    ),
    Story(
        name="tomatoes",
        place="a research greenhouse",
        unit="plant",
        units="plants",
        group="greenhouse",
        groups="greenhouses",
        outcome="fruit weight",
        x="leaf area",
        z="nitrogen supply",
        treatment="the grafted rootstock",
        event="wilting",
        documents="growers' notes",
        period="week",
        y="fruit",
        x_name="leaf_area",
        z_name="nitrogen",
        unit_name="plant",
        group_name="house",
        intros="""
        - I grow tomatoes for science: «n» plants, «k» greenhouses, one tired PhD student.
        - We ran a greenhouse trial with tomatoes last summer.
        - I analyse a plant trial that somebody else planned, as one does.
        """,
    ),
    Story(
        name="buses",
        place="the local bus company",
        unit="route",
        units="routes",
        group="depot",
        groups="depots",
        outcome="delay",
        x="passenger load",
        z="traffic density",
        treatment="the priority signal",
        event="breakdown",
        documents="passenger complaints",
        period="day",
        y="delay",
        x_name="load",
        z_name="traffic",
        unit_name="route",
        group_name="depot",
        intros="""
        - Our bus company publishes where each bus is every twenty seconds, and I have been
          collecting that.
        - I try to understand delays on «n» bus routes, being a passenger on one of them.
        - I am a trainee at a bus company, and my first task is a report on punctuality.
        """,
    ),
    Story(
        name="sleep",
        place="a sleep laboratory",
        unit="volunteer",
        units="volunteers",
        group="cohort",
        groups="cohorts",
        outcome="reaction time",
        x="caffeine intake",
        z="sleep duration",
        treatment="the blue-light filter",
        event="withdrawal",
        documents="dream reports",
        period="day",
        y="rt",
        x_name="caffeine",
        z_name="sleep",
        unit_name="subject",
        group_name="cohort",
        intros="""
        - I am a research assistant in a sleep laboratory.
        - In our experiment, «n» volunteers pressed a button as fast as they could, at four in the
          morning.
        - My background is in psychology, so please be gentle with the mathematics.
        """,
    ),
    Story(
        name="webshop",
        place="an online shop",
        unit="customer",
        units="customers",
        group="country",
        groups="countries",
        outcome="basket value",
        x="browsing time",
        z="discount depth",
        treatment="the one-page checkout",
        event="churn",
        documents="product reviews",
        period="week",
        y="basket",
        x_name="browsing",
        z_name="discount",
        unit_name="customer_id",
        group_name="country",
        intros="""
        - I am the only analyst at an online shop that sells «stationery|garden tools|tea», so there
          is nobody I could ask.
        - We sell to customers in «k» countries and keep every click.
        - I come from software development and have been made our shop's «data person|analyst» by
          accident.
        """,
    ),
    Story(
        name="museum",
        place="a museum of natural history",
        unit="visitor",
        units="visitors",
        group="exhibition",
        groups="exhibitions",
        outcome="dwell time",
        x="crowding",
        z="ticket price",
        treatment="the audio guide",
        event="early exit",
        documents="guestbook entries",
        period="day",
        y="dwell",
        x_name="crowding",
        z_name="ticket",
        unit_name="visitor",
        group_name="exhibition",
        intros="""
        - Our museum counts visitors with small infrared sensors, room by room.
        - I work in a museum, where we would like to know how long people stay and why.
        - The data are anonymous walks of visitors through «k» exhibitions.
        """,
    ),
    Story(
        name="game",
        place="a mobile game",
        unit="player",
        units="players",
        group="server",
        groups="servers",
        outcome="session length",
        x="spending",
        z="skill level",
        treatment="the daily quest",
        event="churn",
        documents="chat messages",
        period="day",
        y="session",
        x_name="spending",
        z_name="skill",
        unit_name="player",
        group_name="server",
        intros="""
        - I do analytics for a small mobile game.
        - We have a puzzle game with some thousand players and far too many events in the database.
        - My data are play sessions of a game; players come and go as they please.
        """,
    ),
    Story(
        name="teeth",
        place="a network of dental practices",
        unit="tooth",
        units="teeth",
        group="practice",
        groups="practices",
        outcome="pocket depth",
        x="plaque cover",
        z="brushing time",
        treatment="the fluoride varnish",
        event="filling failure",
        documents="treatment notes",
        period="month",
        y="depth",
        x_name="plaque",
        z_name="brushing",
        unit_name="tooth",
        group_name="practice",
        intros="""
        - I am a dentist with an unhealthy interest in statistics.
        - Our data come from «k» dental practices that measure the same teeth again and again.
        - For my doctoral thesis I look at gums, one tooth at a time.
        """,
    ),
    Story(
        name="snow",
        place="a network of mountain stations",
        unit="station",
        units="stations",
        group="valley",
        groups="valleys",
        outcome="snow depth",
        x="air temperature",
        z="wind exposure",
        treatment="the heated gauge",
        event="sensor failure",
        documents="avalanche bulletins",
        period="day",
        y="snow",
        x_name="air_temp",
        z_name="exposure",
        unit_name="station",
        group_name="valley",
        intros="""
        - I study snow at «n» mountain stations, some of which are easier to reach than others.
        - We have daily snow depths from a network of stations that goes back «a long way|further
          than my career».
        - I am a hydrologist, and snow is next summer's water.
        """,
    ),
    Story(
        name="birds",
        place="a nest box study",
        unit="nest",
        units="nests",
        group="wood",
        groups="woods",
        outcome="chick weight",
        x="canopy cover",
        z="caterpillar supply",
        treatment="the predator guard",
        event="nest failure",
        documents="observers' notes",
        period="week",
        y="weight",
        x_name="canopy",
        z_name="caterpillars",
        unit_name="nest",
        group_name="wood",
        intros="""
        - I monitor nest boxes in «k» small woods.
        - Our bird group has weighed great tit chicks every spring for «years» years.
        - I have data on nest boxes, collected by volunteers who are better at climbing than at
          typing.
        """,
    ),
    Story(
        name="brewery",
        place="a craft brewery",
        unit="tank",
        units="tanks",
        group="brewhouse",
        groups="brewhouses",
        outcome="fermentation speed",
        x="wort temperature",
        z="yeast density",
        treatment="the new yeast strain",
        event="contamination",
        documents="brew logs",
        period="day",
        y="speed",
        x_name="wort_temp",
        z_name="yeast",
        unit_name="tank",
        group_name="brewhouse",
        intros="""
        - I look after fermentation at a brewery, with «n» tanks and one laptop.
        - We log every fermentation, and after «years» years the log has become interesting.
        - A friend's brewery asked me to look at its data, and pays in kind.
        """,
    ),
    Story(
        name="laundry",
        place="a laundry service",
        unit="machine",
        units="machines",
        group="building",
        groups="buildings",
        outcome="water use",
        x="load weight",
        z="spin speed",
        treatment="the eco programme",
        event="pump failure",
        documents="fault reports",
        period="week",
        y="water",
        x_name="load",
        z_name="spin",
        unit_name="machine",
        group_name="building",
        intros="""
        - We run washing machines in student halls, and each of them reports its water use.
        - My employer rents out washing machines; I have the telemetry of «n» of them.
        - The data are from washing machines, which are more interesting than they sound.
        """,
    ),
    Story(
        name="donors",
        place="a blood donation service",
        unit="donor",
        units="donors",
        group="centre",
        groups="centres",
        outcome="haemoglobin level",
        x="iron intake",
        z="travel time",
        treatment="the reminder message",
        event="deferral",
        documents="feedback forms",
        period="month",
        y="hb",
        x_name="iron",
        z_name="travel",
        unit_name="donor",
        group_name="centre",
        intros="""
        - I work for a blood donation service, in planning.
        - Our «k» donation centres measure haemoglobin before every donation.
        - We follow «rows» blood donors over «years» years; some come often, some never again.
        """,
    ),
    Story(
        name="ferry",
        place="a ferry line",
        unit="crossing",
        units="crossings",
        group="port",
        groups="ports",
        outcome="fuel consumption",
        x="wave height",
        z="cargo weight",
        treatment="the slower timetable",
        event="cancellation",
        documents="bridge logs",
        period="day",
        y="fuel",
        x_name="waves",
        z_name="cargo",
        unit_name="crossing",
        group_name="port",
        intros="""
        - I am second officer on a ferry and «bored|curious» on night watch.
        - We recorded fuel and weather on every crossing of our ferries for «years» years.
        - Our ferry line wants to save fuel, and I was asked where it goes.
        """,
    ),
    Story(
        name="dairy",
        place="a cooperative of dairy farms",
        unit="cow",
        units="cows",
        group="herd",
        groups="herds",
        outcome="milk yield",
        x="feed intake",
        z="barn temperature",
        treatment="the robotic feeder",
        event="mastitis",
        documents="vet records",
        period="day",
        y="milk",
        x_name="feed",
        z_name="barn_temp",
        unit_name="cow",
        group_name="herd",
        intros="""
        - I work with dairy farmers, «k» herds at the moment.
        - The milking robots of our cooperative record each visit of each cow.
        - I am an agronomist with a data set about cows that «has outgrown me|grows every morning».
        """,
    ),
    Story(
        name="flats",
        place="a housing office",
        unit="flat",
        units="flats",
        group="neighbourhood",
        groups="neighbourhoods",
        outcome="rent",
        x="floor area",
        z="noise exposure",
        treatment="the rent cap",
        event="vacancy",
        documents="housing adverts",
        period="month",
        y="rent",
        x_name="area",
        z_name="noise",
        unit_name="flat",
        group_name="quarter",
        intros="""
        - I collect adverts for flats in my city, at first because I needed one.
        - I work in the housing office and am to explain rents «to the council|to people who pay
          them».
        - Our data set has about «rows» flats in «k» neighbourhoods.
        """,
    ),
    Story(
        name="waste",
        place="a recycling scheme",
        unit="household",
        units="households",
        group="street",
        groups="streets",
        outcome="waste weight",
        x="household size",
        z="container volume",
        treatment="the sorting leaflet",
        event="opt-out",
        documents="doorstep interviews",
        period="week",
        y="waste",
        x_name="hh_size",
        z_name="volume",
        unit_name="household",
        group_name="street",
        intros="""
        - Our town weighs every bin it empties, so I have a lot of numbers about rubbish.
        - I evaluate a recycling scheme in «k» streets.
        - For a seminar paper I analyse how much waste households leave at the kerb.
        """,
    ),
)
