"""The daily work: gaps in the data, surveys, questionnaires, plots, and how to put it in words."""

from demo.site.material import Problem, Topic

MISSING = Topic(
    name="missing data",
    weight=2.8,
    tags="missing-data .84",
    problems=(
        Problem(
            tags="multiple-imputation .8, mice .4, r .2",
            titles="""
            - c: Impute «outcome» itself or only «x» and «z»?
            - a: mice: imputed values of «x» are impossible
            - b: How many imputations when «20..45»% of «x» is missing?
            - b: Pooling «a test|R squared|a plot» after multiple imputation
            - d: Imputation for «units» nested in «groups»
            """,
            says="""
            - a: «X» is missing for «20..45»% of the «units» and «z» for a few more. I imputed both
              by chained equations, and some of the values are negative, which makes no sense for
              «x».
            - b: I have «5|20|40» completed data sets. Rubin's rules pool the coefficients, but I
              also need R squared and a figure.
            - c: Should the outcome take part in the imputation model? It seems circular to me to
              fill in «x» with the help of «outcome».
            - d: The «units» belong to «groups», and the analysis has random effects for these. The
              imputation knows nothing of it.
            """,
            more="""
            - a: Predictive mean matching avoids impossible values, at the price of repeating the
              same few.
            - Results with complete rows only are not very different.
            """,
            asks="""
            - What is recommended nowadays?
            - a: How do I check that the imputations are plausible?
            """,
            r="""
            library(mice)
            imp <- mice(d, m = 20, method = "pmm", seed = «1..99»)
            pool(with(imp, lm(«y» ~ «x_name» + «z_name»)))
            """,
            python="""
            imputer = IterativeImputer(sample_posterior=True, random_state=«0..9»)
            completed = pd.DataFrame(imputer.fit_transform(df), columns=df.columns)
            """,
        ),
        Problem(
            tags="missing-at-random .5, bias .35, data-imputation .4",
            titles="""
            - a: Are my gaps in «x» missing at random?
            - a: Complete cases or imputation when gaps depend on «outcome»?
            - b: Is mean imputation of «x» ever acceptable?
            """,
            says="""
            - a: «X» is not recorded more often for «units» with a low «outcome». I do not know
              whether that makes it random, completely random, or neither.
            - b: My predecessor replaced each gap by the mean of «x». There is now a tall bar in the
              middle of the histogram.
            """,
            more="""
            - a: «Units» without «x» come from «two|three» «groups» mostly.
            - a: Little's test rejects, for what it is worth.
            """,
            asks="""
            - a: Can that be tested at all?
            - b: How much harm does the simple solution do?
            """,
        ),
        Problem(
            tags="detection-limit .6, censoring .55, data-imputation .3",
            titles="""
            - a: «below=12..40»% of «outcome» below the detection limit
            - a: Replace values below the limit by half of it?
            - b: NA or zero: «units» without any «z»
            """,
            says="""
            - a: The instrument cannot see small values, so «below=12..40»% of «outcome» is only
              known to be below a limit. So far these were replaced by half of the limit.
            - b: An empty cell may mean that nothing was there or that nobody looked.
            """,
            more="""
            - a: The limit itself changed when we bought a new instrument.
            """,
            asks="""
            - a: Is there a proper method that is not too complicated?
            - b: What would you do with values that are zero by definition?
            """,
        ),
    ),
    details="""
    - «N» «units» have at least one gap.
    - Nobody remembers why the values are not there.
    - Dropping all incomplete rows would leave a third of the data.
    """,
    tried="""
    - leaving out incomplete rows
    - filling in the mean
    - carrying the last value forward
    - a random forest as imputation method
    """,
    aside="""
    - About «5..12»% of the values are missing; I left those rows out.
    """,
    aside_tags="missing-data .5",
)

SURVEYS = Topic(
    name="surveys and sampling",
    weight=3.0,
    tags="survey .58, sampling .5",
    problems=(
        Problem(
            tags="weights .7, survey-sampling .4",
            titles="""
            - a: Do I need weights in a regression with sample data?
            - b: Raking makes some answers count «times=nine|twelve|twenty» times
            - Standard errors of weighted percentages
            - b: Post-stratification with empty cells
            """,
            says="""
            - a: Our sample contains too many old people, so each answer got a weight. With weights
              the difference is not significant, without them it is.
            - b: After raking to age, sex and region, a few persons have a weight of
              «times=nine|twelve|twenty».
            """,
            more="""
            - The design effect is about «1.4..2.9».
            - The weights were delivered with the file and no explanation.
            """,
            asks="""
            - a: When must one use the weights and when not?
            - b: Is it allowed to cut off the largest weights?
            """,
            r="""
            library(survey)
            des <- svydesign(ids = ~psu, strata = ~region, weights = ~w, data = d)
            svymean(~satisfied, des)
            """,
            intro=False,
        ),
        Problem(
            tags="stratification .5, cluster-sample .5, sample-size .4",
            titles="""
            - a: Sampling «units» from «k» «groups» of unequal size
            - d: Finite population: «n» out of «all=120..300» «units»
            - b: Variance of an estimate from a two-stage sample
            - c: How to draw «units» at random without a list of them
            """,
            says="""
            - a: There are «k» «groups» of very different size, and I can visit «n» «units»
              altogether. Proportional numbers would mean a single visit in the smallest.
            - b: First «groups» were drawn and then «units» in them. The program treats the rows as
              independent.
            - c: We want to visit «n» «units» at random and have no list of them, only a map.
            - d: There are only «all=120..300» «units» altogether, and we shall visit «n» of them.
            """,
            more="""
            - d: With such a large share of the population, the usual formula must be too
              pessimistic.
            """,
            asks="""
            - a: How many would you take from each?
            - bd: What is the correct variance?
            - c: Is there a way that does not favour the «units» by the road?
            """,
        ),
        Problem(
            tags="bias .4, nonresponse .55, selection-bias .4",
            titles="""
            - a: Response rate of «rate=11..34»%: is the survey worthless?
            - Do volunteers differ from «other people|those who were not asked|the rest»?
            - b: Late respondents as stand-ins for those who never answer
            """,
            says="""
            - a: We asked «rows» people and «rate=11..34»% answered. My boss says that «four
              hundred|a thousand» answers are plenty.
            - b: Those who answered after the second reminder are less satisfied than the others,
              which makes me think of those who never did.
            """,
            more="""
            - For everybody we know age and region, whether they answered or not.
            """,
            asks="""
            - How can I estimate the possible bias?
            - a: Does a large number of answers help against it?
            """,
            intro=False,
        ),
    ),
    details="""
    - The questionnaire was on paper in one year and online in the next.
    - Persons under eighteen were not asked.
    """,
    tried="""
    - comparing with the census
    - weighting by age only
    - ignoring the design
    - calling some of those who had not answered
    """,
    aside="""
    - The data come from a survey with weights, which I ignore here.
    """,
    aside_tags="survey .45, sampling .2",
)

SCALES = Topic(
    name="psychometrics",
    weight=2.8,
    tags="psychometrics .6, scales .42",
    problems=(
        Problem(
            tags="reliability .75, cronbachs-alpha .55",
            titles="""
            - a: Cronbach's alpha of 0.«alpha=41..62» with «items=three|four|five» items
            - c: Negative alpha: have I forgotten to reverse an item?
            - b: Test and retest after «two|four» weeks: which correlation?
            - a: Alpha rises when I delete the best item
            """,
            says="""
            - a: My scale consists of «items=three|four|five» items, and alpha is 0.«alpha=41..62».
              Deleting one of them raises it, but that item is the heart of the matter.
            - b: The same persons answered twice. I have a Pearson correlation, an intraclass
              correlation and a doubt.
            - c: Alpha is negative, which I did not think possible. Some of the items are worded the
              other way round.
            """,
            more="""
            - a: With so few items alpha is low by construction, I think.
            - a: Omega is somewhat higher than alpha.
            """,
            asks="""
            - a: Is there a lower limit that is more than a habit?
            - ab: Which coefficient would you report?
            - c: Is there anything else that could be the reason?
            """,
            r="""
            psych::alpha(items, check.keys = TRUE)
            psych::omega(items)
            """,
            intro=False,
        ),
        Problem(
            tags="likert .84, ordinal-data .5, nonparametric .2",
            titles="""
            - a: Mean of a «five|seven|four»-point agreement scale: «allowed|meaningful» or not?
            - b: t-test or rank test for a single «five|seven»-point item
            - c: How to plot answers from strongly disagree to strongly agree
            - d: Merging 'agree' and 'strongly agree' in «a|one» report
            """,
            says="""
            - a: The answers range from strongly disagree to strongly agree, in «five|seven» steps.
              One lecturer forbids means, the other uses nothing else.
            - b: Two years are to be compared in a single item with «five|seven» possible answers.
            - c: The report is to show the answers to «eight|nine|twelve» questions, from strongly
              disagree to strongly agree, in one figure.
            - d: The report should say how many agree. I could count strong and weak agreement
              together, but then the questions with strong feelings look like all the others.
            """,
            more="""
            - About half of the people tick the middle.
            - a: Adding up eight such items gives a nice bell shape.
            """,
            asks="""
            - a: Is there any harm in treating it as numbers?
            - b: Which test is usual?
            - c: What is a good way to draw them?
            - d: Is that acceptable if the full table is in the appendix?
            """,
            intro=False,
        ),
        Problem(
            tags="irt .8, measurement .3, rasch .35",
            titles="""
            - a: Rasch or two parameter model for «20..40» exam questions?
            - b: Item difficulty depends on who took the test
            - b: Differential item functioning between boys and girls
            - c: Ability estimate for somebody with all answers right
            """,
            says="""
            - a: Two versions of a test share «six|eight» questions. I want to put both on one scale
              with an item response model.
            - b: One of the «20..40» questions is easier for «one|the younger» group at the same
              ability.
            - c: Some persons answered everything correctly, and the maximum likelihood estimate of
              their ability is infinite.
            """,
            more="""
            - The discrimination of some items is close to zero, of one it is negative.
            - About «150..600» persons took the test.
            """,
            asks="""
            - a: Are there enough persons for the larger model?
            - b: Should such a question be dropped?
            - c: What does one report for them?
            """,
            r="""
            library(mirt)
            fit <- mirt(answers, 1, itemtype = "2PL")
            coef(fit, IRTpars = TRUE, simplify = TRUE)
            """,
            intro=False,
        ),
        Problem(
            tags="structural-equation-modeling .75, confirmatory-factor .35, mediation .4",
            titles="""
            - a: Fit indices of a structural equation model disagree
            - b: Mediation of «treatment» through «x»: which test?
            - c: Negative error variance in lavaan
            """,
            says="""
            - a: In my structural equation model CFI is 0.9«1..4», RMSEA 0.0«7..9», and the
              chi-squared test is highly significant.
            - b: I believe that «treatment» works through «x». The indirect path is significant, the
              direct one is not.
            - c: One error variance in my model is negative. The fit is excellent otherwise.
            """,
            more="""
            - The sample has «140..420» rows, the model about thirty parameters.
            """,
            asks="""
            - a: Which index should one believe?
            - b: May I call that full mediation?
            - c: May I set it to zero?
            """,
            r="""
            library(lavaan)
            fit <- sem("«y» ~ c*treated + b*«x_name»
                        «x_name» ~ a*treated
                        indirect := a*b", data = d)
            """,
            code_for="r b",
        ),
    ),
    details="""
    - Missing values are rare.
    - The sample is what could be had, mostly students.
    - I follow the steps of a textbook, which stops at this point.
    """,
    tried="""
    - reversing the negatively worded items
    - parcels of three items
    - polychoric correlations
    - a larger sample, which is not to be had
    """,
    aside="""
    - «Outcome» is in truth a scale made of eight items.
    """,
    aside_tags="scales .45",
)

VISUALISATION = Topic(
    name="visualisation",
    weight=3.0,
    tags="data-visualization .85",
    problems=(
        Problem(
            tags="ggplot2 .6, r .6, boxplot .25",
            titles="""
            - a: ggplot2: show «outcome» by «group» and time in one figure
            - b: «Rows» points are a black blob: what else?
            - c: Box plot or violin for «k» «groups» of different size?
            - d: How to order «groups» in a plot by their median «outcome»
            """,
            says="""
            - a: I want one figure that shows «outcome» of all «units» over time, by «group». With a
              line for each «unit» it looks like spaghetti.
            - b: A scatter plot of «outcome» against «x» with «rows» points is one black area.
            - c: Box plots hide that one «group» has «four|five» «units» and another has hundreds.
            - d: The «groups» appear in alphabetical order, which says nothing. I would like to see
              them from low to high.
            """,
            more="""
            - a: Colours are a problem, as the journal prints in black and white.
            - b: Transparency helps up to a point.
            """,
            asks="""
            - abc: What kind of plot would you use?
            - abc: How do I keep the reader from comparing the wrong things?
            - d: What is the usual way to do that?
            """,
            r="""
            ggplot(d, aes(reorder(«group_name», «y», median), «y»)) +
              geom_boxplot(varwidth = TRUE) +
              coord_flip()
            """,
            python="""
            fig, ax = plt.subplots()
            ax.hexbin(df["«x_name»"], df["«y»"], gridsize=40, mincnt=1)
            """,
            code_for="r cd, python b",
        ),
        Problem(
            tags="histogram .65, density-estimation .4, kde .4",
            titles="""
            - a: How many bins for a histogram of «outcome»?
            - b: Density estimate of «outcome» goes below zero
            - a: Histogram of «outcome» shows two peaks with one bin width and one with another
            """,
            says="""
            - a: With 20 bins «outcome» has two peaks, with 12 it has one. I would not like to
              invent a second kind of «unit».
            - b: «Outcome» cannot be negative, but the smooth density extends well below zero.
            """,
            more="""
            - a: Values are rounded to the nearest five, which makes a comb.
            """,
            asks="""
            - a: Is there a rule that one can defend?
            - b: How do I treat the boundary?
            """,
            r="""
            hist(d$«y», breaks = "FD")
            lines(density(d$«y», from = 0))
            """,
        ),
        Problem(
            tags="error-bars .4, confidence-interval .4, barplot .5, presentation .3",
            titles="""
            - a: Error bars: standard deviation, standard error or interval of «outcome»?
            - c: Bars start at zero, but differences in «outcome» are small
            - a: Showing uncertainty of «outcome» to people who hate statistics
            - b: A chart for «9..20» percentages that add up to 100
            """,
            says="""
            - a: For a report I draw mean «outcome» by «group» with error bars, and everybody takes
              overlapping bars for no difference.
            - b: My boss wants a pie chart with «nine|twelve|fourteen» slices. I want to offer
              something better.
            - c: In the bar chart all «groups» look alike, as «outcome» differs by a few per cent
              only. Cutting the axis would exaggerate.
            """,
            more="""
            - c: The differences are two per cent of the level, but they matter.
            """,
            asks="""
            - a: Which bars are least misleading?
            - What do you show to an audience without training?
            """,
        ),
    ),
    details="""
    - The figure has to fit in one column.
    - It will be seen for ten seconds on a slide.
    """,
    tried="""
    - facets
    - a heat map
    - smaller dots
    - a table instead
    - jitter and transparency
    """,
    aside="""
    - A scatter plot of «x» and «outcome» shows nothing unusual.
    """,
    aside_tags="data-visualization .3",
)

ADVICE = Topic(
    name="advice and terms",
    weight=3.4,
    tags="",
    problems=(
        Problem(
            tags="terminology .8, definition .25",
            titles="""
            - What is the difference between «a parameter and a statistic|error and residual»?
            - Is there a word for «'significant but irrelevant'|the mean of medians»?
            - 'Multivariate' or 'multivariable' for several predictors of «outcome»?
            - Are «'sample' and 'data set'|'variable' and 'feature'» the same thing?
            - Do «'bias' and 'error'|'precision' and 'accuracy'» mean the same?
            """,
            says="""
            - In my field we use these words as if they were the same, and a reviewer has now
              complained.
            - I read three introductions, and each uses the word in another way.
            - English is not my first language, and the dictionary does not help with terms like
              these.
            """,
            asks="""
            - Is there an accepted usage?
            - Which word would you use in a paper?
            """,
            intro=False,
        ),
        Problem(
            tags="references .75, self-study .45",
            titles="""
            - Book on «mixed models|time series|survival analysis|causal inference» for
              «biologists|engineers|psychologists|librarians»
            - Exercises with solutions for a first course in «probability|statistics|Bayesian
              methods»
            - How to learn «regression|forecasting|statistics» at «forty|fifty|seventy»
            - A gentle introduction to «splines|the bootstrap|likelihood|Markov chains»
            """,
            says="""
            - I can read formulas if they are explained, and I prefer examples with real data.
            - I know calculus and a bit of linear algebra. The books that I found are either cookery
              books or written for people who know it already.
            """,
            more="""
            - It may be old, if it is good.
            - Lectures on video would be welcome, too.
            """,
            asks="""
            - What would you recommend?
            - Where did you learn it yourselves?
            """,
            intro=False,
        ),
        Problem(
            tags="interpretation .6, regression .4, hypothesis-testing .25",
            titles="""
            - a: Is this analysis of «outcome» reasonable?
            - a: Which method for «outcome» of «n» «units» in «k» «groups»?
            - c: How do I even begin with «rows» rows about «units»?
            - b: My two analyses of «treatment» disagree
            """,
            says="""
            - a: I want to know whether «treatment» changes «outcome», and I have also recorded «x»
              and «z». Various people have advised various methods.
            - b: I compared «outcome» with and without «treatment» in two ways, and the conclusions
              are opposite.
            - c: There is plenty of data and no plan. I look for a sensible first step.
            """,
            more="""
            - The one thing that I am sure of is that the «units» differ a lot.
            - The report is due in «two|three» weeks.
            """,
            asks="""
            - ac: What would you do first?
            - b: Is one of them plainly wrong?
            """,
        ),
        Problem(
            tags="measurement .3, standardization .5, aggregation .35, composite .4",
            titles="""
            - a: Combining «x», «z» and «outcome» into one score for «units»
            - b: Ranking «units» by an average of few ratings
            - a: Normalise «outcome» between «groups» before comparing?
            - c: Average of ratios or ratio of averages for «outcome»?
            """,
            says="""
            - a: We must rank the «units» by a single number made of «outcome», «x» and «z», which
              have different units of measurement.
            - b: One «unit» with two excellent ratings is at the top of my list, above others with
              hundreds of good ones.
            - c: If I average the ratios of the «units», I get «1.2..1.4»; the ratio of the totals
              is 0.9.
            """,
            more="""
            - a: Z-scores make everything comparable, but nobody understands them.
            """,
            asks="""
            - ab: Is there a standard way to do this?
            - c: Which of the two numbers should be reported?
            """,
        ),
    ),
    details="""
    - Please excuse me if this has been asked before.
    - I am happy to read, if somebody tells me what to search for.
    """,
    tried="""
    - searching this site
    - asking a colleague
    - reading an online course
    """,
)

TOPICS = (MISSING, SURVEYS, SCALES, VISUALISATION, ADVICE)
