"""Cause and effect: observational studies, experiments, panels of data, risk."""

from demo.site.material import Problem, Topic

CAUSALITY = Topic(
    name="causal inference",
    weight=4.0,
    tags="causality .72",
    problems=(
        Problem(
            tags="propensity-scores .85, matching .5, observational-study .3",
            titles="""
            - a: Matching «units» on the probability of receiving «treatment»
            - b: Propensity scores near 0 and 1: trim or not?
            - a: Balance of «x» is worse after matching
            - b: Weights of «80..400» for single «units» in a weighted comparison
            """,
            says="""
            - a: «Units» decided for themselves whether to take part in «treatment». I estimated the
              probability of taking part from «x», «z» and «group», and matched one to one.
            - b: With inverse probability weighting, «one|two|three» «units» receive enormous
              weights and dominate the comparison.
            """,
            more="""
            - a: For about a fifth of the treated «units» there is no comparable one.
            - a: Standardised differences are below 0.1 for «z» and 0.3 for «x».
            - a: The estimate changes from «4..6» to «9..13» when I allow replacement.
            """,
            asks="""
            - a: How would you judge whether the adjustment was successful?
            - a: Am I allowed to leave out the «units» without a partner?
            - a: Do I need the matching in the standard error?
            - b: May I cut the weights off at some value?
            """,
            r="""
            library(MatchIt)
            m <- matchit(treated ~ «x_name» + «z_name» + «group_name», data = d, method = "nearest")
            summary(m)
            """,
            code_for="r a",
        ),
        Problem(
            tags="instrumental-variables .84, endogeneity .45, econometrics .4, 2sls .35",
            titles="""
            - a: Is distance a valid instrument for «treatment»?
            - b: Weak instrument: first-stage F of «3..9»
            - b: Two-stage estimate is «five|ten» times the ordinary one
            - a: Hausman test rejects, but my instrument is doubtful
            """,
            says="""
            - a: «Units» with a high «outcome» are more likely to choose «treatment», so «treatment»
              is correlated with the error. As an instrument I use the distance to the nearest
              office.
            - b: The two-stage estimate of the effect of «treatment» is «five|eight» times as large
              as the least squares estimate and has a huge standard error. The first-stage F is
              «4..9».
            """,
            more="""
            - That the instrument acts on «outcome» only through «treatment» is plausible, but I
              cannot prove it.
            - With two instruments the overidentification test passes.
            """,
            asks="""
            - a: How can I argue for the exclusion restriction?
            - b: Is a weak instrument worse than none?
            """,
            r="""
            library(AER)
            iv <- ivreg(«y» ~ treated + «x_name» | distance + «x_name», data = d)
            summary(iv, diagnostics = TRUE)
            """,
        ),
        Problem(
            tags="difference-in-differences .85, panel-data .4, econometrics .35",
            titles="""
            - b: Parallel trends before «treatment» do not look parallel
            - c: «Treatment» started at different times in different «groups»
            - a: Difference in differences with «k» treated «groups»
            - b: Event study plot shows an effect before «treatment»
            """,
            says="""
            - a: «Treatment» was introduced in some «groups» and not in others. I compare the change
              in «outcome» before and after between the two kinds.
            - b: The treated «groups» were already improving «two|three» «period»s before
              «treatment» began, so the usual assumption is doubtful.
            - c: «Treatment» did not begin everywhere at once, but in one «group» after another over
              «two|three» years.
            """,
            more="""
            - Standard errors are clustered by «group», and there are only «k» of these.
            - The effect seems to grow with time.
            """,
            asks="""
            - b: Is the comparison still of any use?
            - c: How should the different starting dates be handled?
            - a: What must I check before I believe such a comparison?
            """,
            r="""
            library(fixest)
            feols(«y» ~ treated:after | «group_name» + time, data = d, cluster = ~ «group_name»)
            """,
            python="""
            smf.ols("«y» ~ treated * after", data=df).fit(
                cov_type="cluster", cov_kwds={"groups": df["«group_name»"]})
            """,
        ),
        Problem(
            tags="confounding .65, dag .55, regression .3",
            titles="""
            - a: Should I adjust for «z» when I want the effect of «x» on «outcome»?
            - ac: Is «z» a confounder, a mediator or a collider?
            - b: Simpson's paradox in «outcome» by «group»
            - a: Total and direct effect of «treatment» on «outcome»
            """,
            says="""
            - a: I want the effect of «x» on «outcome». «Z» is affected by «x» and also affects
              «outcome». With «z» in the regression, the effect of «x» vanishes.
            - b: «Treatment» looks harmful over all «units», and helpful within every single
              «group».
            - c: A reviewer wants me to adjust for everything that we have measured. In my diagram,
              one of these is a common effect of «treatment» and «outcome».
            """,
            more="""
            - c: The diagram has «six|seven» nodes, and I am sure of about half of its arrows.
            - Nothing was randomised.
            """,
            asks="""
            - Which variables belong in the model, and by what rule?
            - ac: How much of this can be tested with data?
            """,
        ),
        Problem(
            tags="regression-discontinuity .7, econometrics .35, mediation .2",
            titles="""
            - a: Bandwidth in a regression discontinuity design for «treatment»
            - b: Bunching of «units» just above the threshold for «treatment»
            - a: Jump in «outcome» at a cut-off that was not strictly applied
            """,
            says="""
            - a: «Units» above a certain «x» received «treatment», all others did not. The jump in
              «outcome» at the threshold depends on how wide a window I look at.
            - b: There are suspiciously many «units» just above the threshold, as if somebody had
              helped a little.
            """,
            more="""
            - a: A local linear fit gives half the effect of a cubic one.
            """,
            asks="""
            - a: Which bandwidth would you report?
            - b: Does manipulation make the whole design useless?
            """,
        ),
    ),
    details="""
    - The quantity of interest is $$\\tau = E[Y(1) - Y(0)],$$ averaged over all «units».
    - A randomised experiment is out of the question.
    - About a third of the «units» received «treatment».
    - We measured everything before «treatment» began.
    - I try to write down the estimand first, as I was taught.
    """,
    tried="""
    - plain regression with all covariates
    - matching and weighting, which differ by a third
    - a placebo outcome
    - drawing the diagram again with a colleague
    - a sensitivity analysis for an unmeasured confounder
    """,
    quotes="""
    - This is an observational study; please avoid the word *effect*.
    """,
    aside="""
    - I do not claim that this is causal.
    """,
    aside_tags="causality .35",
)

EXPERIMENTS = Topic(
    name="experiments",
    weight=3.6,
    tags="experiment-design .66",
    problems=(
        Problem(
            tags="ab-testing .86, hypothesis-testing .3, statistical-significance .2",
            titles="""
            - a: A/B test became of «treatment» became significant on day «day=3..6» and is not any
              more
            - b: A/B test with «treatment»: unequal group sizes
            - a: Stopping an A/B test early when «treatment» does harm
            - c: Ratio metrics in an A/B test of «treatment»
            - d: Same «units» in two A/B tests at once
            """,
            says="""
            - a: We split the «units» at random: half get «treatment», half do not. I looked at the
              result every morning, and on day «day=3..6» it was significant. Now it is not any
              more.
            - b: By mistake «treatment» went to «38..46»% instead of half of the «units», and nobody
              knows why.
            - c: The metric is a ratio, total «outcome» by number of visits, and visits of one
              «unit» are not independent.
            - d: Two teams run a test each, at the same time and on the same «units». Nobody has
              checked whether they get in each other's way.
            """,
            more="""
            - We planned for two weeks and «four|eight» thousand «units» in each arm.
            - d: Two variants run at the same time, on overlapping «units».
            """,
            asks="""
            - a: May I stop when it is significant, and if not, how do others do it?
            - bd: Is the comparison still valid?
            - c: Which variance should one use for such a metric?
            """,
            python="""
            counts = np.array([«180..240», «241..300»])
            shown = np.array([«4000..4400», «4401..4800»])
            stat, p = proportions_ztest(counts, shown)
            """,
            code_for="python ab",
        ),
        Problem(
            tags="randomization .6, blocking .5, anova .4",
            titles="""
            - a: How to block by «group» when testing «treatment»
            - b: «Units» of one «group» cannot get different treatments: split plot?
            - b: Randomise «units» or whole «groups»?
            - a: Latin square with «k» «groups» and a missing cell
            """,
            says="""
            - a: I plan to test «treatment» on «n» «units» in «k» «groups». The «groups» differ, so
              I would like to have both conditions in each of them.
            - b: For practical reasons a whole «group» must receive the same «treatment», while a
              second factor can be changed from «unit» to «unit».
            """,
            more="""
            - We can afford one repetition, two at the very most.
            - Position may matter, as the «units» at the edge are different.
            """,
            asks="""
            - How would you assign them?
            - And what would the matching analysis look like?
            """,
            r="""
            d$treated <- ave(runif(nrow(d)), d$«group_name», FUN = function(u) rank(u) %% 2)
            table(d$«group_name», d$treated)
            """,
            code_for="r a",
        ),
        Problem(
            tags="factorial-design .65, response-surface .45, interaction .35",
            titles="""
            - a: Fractional factorial for «factors=five|six|seven» factors in «16..24» runs
            - a: Which interactions are aliased in my design?
            - b: Centre points show curvature: «what next|now what»?
            - b: Optimal setting of «x» and «z» for «outcome» with few runs
            """,
            says="""
            - a: «Factors=five|six|seven» factors may affect «outcome», and each run takes a day. I
              think of a two-level fraction, but do not see which interactions I would give up.
            - b: The mean of the centre points is clearly above that of the corners. So there is
              curvature, and my two levels cannot say in which factor.
            """,
            more="""
            - a: The defining relation is I = ABCD, if I have understood it.
            - One of the factors is hard to change, the others are easy.
            """,
            asks="""
            - a: What design would you choose with this budget?
            - b: How can the first runs be used again?
            """,
            r="""
            library(FrF2)
            FrF2(nruns = 16, nfactors = «5..7», randomize = TRUE)
            """,
            code_for="r a",
        ),
        Problem(
            tags="b:crossover .75, a:regression-to-the-mean .8, repeated-measures .3,"
            " c:pre-post .75",
            titles="""
            - a: Did «treatment» help, or is it regression to the mean?
            - b: Carry-over in a crossover with «n» «units»
            - c: Change from baseline or adjusted final «outcome»?
            """,
            says="""
            - a: We chose the «units» with the worst «outcome», gave them «treatment», and they
              improved. The untreated ones improved as well.
            - b: Each «unit» received both conditions in random order. The first one may still have
              worked in the second «period».
            - c: «Outcome» was measured before and after «treatment». I can compare the changes, or
              the final values with the first ones as a covariate.
            """,
            more="""
            - b: There was a wash-out of one «period», which was all that we could have.
            - c: Baseline and change are negatively correlated, as one would expect.
            """,
            asks="""
            - a: How large an improvement would have happened anyway?
            - c: Which of the two analyses is the better one?
            - b: Can the second half still be used?
            """,
        ),
    ),
    details="""
    - Neither the «units» nor those who measure know who has «treatment».
    - Each run costs money, so I want to get it right beforehand.
    - There are «n» «units» available and not one more.
    """,
    tried="""
    - a list of random numbers
    - sorting by «x» and taking every second «unit»
    - simulating the analysis with fake data
    - reading about optimal designs, without understanding them
    """,
    aside="""
    - We shall repeat this as a randomised experiment next year.
    """,
    aside_tags="experiment-design .45",
)

PANELS = Topic(
    name="econometrics",
    weight=3.0,
    tags="econometrics .72",
    problems=(
        Problem(
            tags="panel-data .84, fixed-effects-model .6, random-effects-model .2",
            titles="""
            - b: Fixed or random effects for «n» «units» over «6..14» years?
            - a: «Z» is dropped from my fixed effects regression
            - d: Clustered standard errors with «k» «groups»
            - c: Lagged «outcome» in a panel with few years
            """,
            says="""
            - a: I have «outcome» and «x» of «n» «units» for «6..14» years. The within estimator
              drops «z», because it never changes for «a unit».
            - b: The Hausman test prefers fixed effects. With these the slope of «x» has the
              opposite sign.
            - c: I put last year's «outcome» on the right-hand side and read that the usual
              estimator is then biased in short panels.
            - d: I must choose between standard errors clustered by «unit» and by «group», and the
              two differ a lot.
            """,
            more="""
            - The panel is unbalanced: «units» enter and leave.
            - d: Clustering by «unit» doubles the standard errors, clustering by «group» triples
              them.
            """,
            asks="""
            - a: Is there a way to keep a variable that does not vary over time?
            - d: At which level should the errors be clustered?
            - b: Which estimate should I believe?
            - c: Is the bias serious with so many years, and what is the alternative?
            """,
            r="""
            library(plm)
            fe <- plm(«y» ~ «x_name», data = d, index = c("«unit_name»", "year"), model = "within")
            re <- update(fe, model = "random")
            phtest(fe, re)
            """,
        ),
        Problem(
            tags="a:cointegration .8, b:vector-autoregression .8, time-series .5,"
            " b:granger-causality .3",
            titles="""
            - a: Cointegration of «outcome» and «x»
            - b: Does «x» Granger-cause «outcome»?
            - b: Choosing lags in a VAR with «three|four» variables
            - b: Impulse responses depend on the order of variables
            """,
            says="""
            - a: «Outcome» and «x» both wander, but never far from each other. The Engle-Granger
              test says one thing and Johansen's another.
            - b: I estimated a vector autoregression of «outcome», «x» and «z». The impulse
              responses change entirely with the order of the three.
            """,
            more="""
            - b: AIC wants «seven|eight» lags and the Schwarz criterion one.
            - a: The error correction term is negative, which I take for a good sign.
            """,
            asks="""
            - b: How is the order justified in practice?
            - a: Which of the tests is more reliable with «80..140» observations?
            """,
            r="""
            library(vars)
            v <- VAR(d[, c("«y»", "«x_name»", "«z_name»")], p = 2)
            plot(irf(v))
            """,
            code_for="r b",
        ),
        Problem(
            tags="ab:elasticity .6, ab:log .45, ab:regression .4, c:gini .85, d:garch .8,"
            " d:time-series .5",
            titles="""
            - a: Elasticity of «outcome» with respect to «x» from a log-log model
            - b: Zeros in «x» and a log transformation
            - c: Gini coefficient of «outcome» with negative values
            - d: Volatility of «outcome» comes in clusters
            """,
            says="""
            - a: In a regression of log «outcome» on log «x» the slope is 0.«31..74». My colleague
              reads it as percentage points, I read it as per cent.
            - b: «8..20»% of the values of «x» are zero, and adding one before taking the logarithm
              changes the slope a lot.
            - c: The usual formula for inequality of «outcome» between the «units» gives 1.1, since
              a few values are negative after corrections.
            - d: Large changes of «outcome» come in clusters, and so do the quiet times. The changes
              themselves are hardly correlated.
            """,
            more="""
            - b: The inverse hyperbolic sine was proposed, which again depends on the units.
            """,
            asks="""
            - a: Who is right?
            - b: Is there a way to do this that does not depend on an arbitrary constant?
            - c: Is there a measure that still works?
            - d: Is a GARCH model the natural thing to try?
            """,
        ),
    ),
    details="""
    - The equation is $y_{it} = \\alpha_i + \\beta x_{it} + \\varepsilon_{it}$ or close to it.
    - All prices are in euros of the same year.
    - Robust standard errors are used throughout.
    - The equation comes from a model in a textbook, so the form is given.
    """,
    tried="""
    - first differences
    - dummies for each year
    - leaving out the largest «units»
    - another lag length
    """,
    aside="""
    - An econometrician told me to use robust standard errors, which I did.
    """,
    aside_tags="econometrics .35",
)

EPIDEMIOLOGY = Topic(
    name="epidemiology",
    weight=2.4,
    tags="epidemiology .7, biostatistics .2",
    problems=(
        Problem(
            tags="relative-risk .7, odds-ratio .6, interpretation .15",
            titles="""
            - Odds ratio or relative risk for «event»?
            - a: Doubled risk of «event», but only a few more cases per thousand
            - b: Number needed to treat from an adjusted odds ratio
            """,
            says="""
            - a: «Event» occurred in «11..24»% of the exposed and «5..9»% of the others. The press
              office wants to write that exposure doubles the risk.
            - b: The paper reports an odds ratio of «2.1..3.9», although «event» is common. I need
              the ratio of risks.
            """,
            more="""
            - a: In absolute terms the difference is a few in a thousand.
            - b: I do not have the raw data, only the published table.
            """,
            asks="""
            - a: Which measure is least likely to be misunderstood?
            - b: Can one be converted into the other?
            """,
        ),
        Problem(
            tags="case-control-study .72, matching .4, logistic .3, odds-ratio .3",
            titles="""
            - b: Why not relative risks in a study of «60..180» cases?
            - a: Several controls for each case of «event»: «how many|how to analyse»?
            - a: Conditional logistic regression or not for matched «units»?
            """,
            says="""
            - a: For each «unit» with «event» we picked «two|three|four» without it, of the same
              «group», and asked about «x» in the past.
            - b: We sampled by outcome, so the share with «event» in our data is what we made it.
            """,
            more="""
            - Those with «event» probably remember better.
            """,
            asks="""
            - a: Must the matching appear in the analysis?
            - b: What can be estimated from such data and what cannot?
            """,
            r="""
            clogit(case ~ «x_name» + strata(set), data = d)
            """,
        ),
        Problem(
            tags="incidence .45, standardization .4, rates .4, poisson-regression .3",
            titles="""
            - a: Comparing rates of «event» between «groups» of different age
            - b: Confidence interval for a rate of «3..11» cases
            - a: Direct or indirect standardisation for small «groups»?
            - Rate of «event» per «unit» or per time at risk?
            """,
            says="""
            - a: «Event» is more frequent in one «group», but its members are also older. I would
              like to compare rates as if all had the same age structure.
            - b: One «group» had «3..8» cases of «event» in «years» years. The rate looks alarming,
              and the numbers are tiny.
            """,
            more="""
            - a: The reference population is the whole country.
            - People move, so time at risk differs.
            """,
            asks="""
            - How do I express the uncertainty?
            - Which standardisation suits such small numbers?
            """,
        ),
        Problem(
            tags="ac:agreement-statistics .65, b:sensitivity-specificity .8, diagnostic .35",
            titles="""
            - b: Sensitivity of a quick test without a gold standard
            - a: Kappa of 0.«kappa=21..38» in spite of nearly complete agreement
            - b: Predictive value of a test for «event» in another population
            - c: Bland-Altman plot for two ways of measuring «outcome»
            """,
            says="""
            - a: Two raters judged the same «60..200» cases and agree on nine out of ten, and yet
              kappa is only 0.«kappa=21..38».
            - b: A quick test was compared with the laboratory in people who were already suspected
              to have the condition. Now it is to be used on everybody.
            - c: Two ways of measuring the same thing differ by «3..9» units on average. The
              differences grow with the size of what is measured.
            """,
            more="""
            - a: Nearly all cases are negative.
            - b: The laboratory method is not perfect either.
            """,
            asks="""
            - a: Is there a better measure here?
            - b: Which of the figures carry over to another population?
            - c: How should I show and describe that?
            """,
            intro=False,
        ),
    ),
    details="""
    - The figures come from a registry that covers the whole county.
    - Exposure was asked by questionnaire, which is not very precise.
    - About «15..40»% refused to take part.
    """,
    tried="""
    - stratifying by age
    - the Mantel-Haenszel estimate
    - leaving out the first year
    """,
    aside="""
    - An earlier report gives a relative risk of «1.3..2.6» for «event», which is how my interest
      began.
    """,
    aside_tags="relative-risk .4",
)

TOPICS = (CAUSALITY, EXPERIMENTS, PANELS, EPIDEMIOLOGY)
