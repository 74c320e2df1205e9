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
            - Matching «units» on the probability of receiving «treatment»
            - Propensity scores near 0 and 1: trim or not?
            - Balance of «x» is worse after matching
            - Weights of «80..400» for single «units» in a weighted comparison
            """,
            says="""
            - «Units» decided for themselves whether to take part in «treatment». I estimated the
              probability of taking part from «x», «z» and «group», and matched one to one.
            - With inverse probability weighting, «one|two|three» «units» receive enormous weights
              and dominate the comparison.
            """,
            more="""
            - For about a fifth of the treated «units» there is no comparable one.
            - Standardised differences are below 0.1 for «z» and 0.3 for «x».
            - The estimate changes from «4..6» to «9..13» when I allow replacement.
            """,
            asks="""
            - How would you judge whether the adjustment was successful?
            - Am I allowed to leave out the «units» without a partner?
            - Do I need the matching in the standard error?
            """,
            r="""
            library(MatchIt)
            m <- matchit(treated ~ «x_name» + «z_name» + «group_name», data = d, method = "nearest")
            summary(m)
            """,
        ),
        Problem(
            tags="instrumental-variables .84, endogeneity .45, econometrics .4, 2sls .35",
            titles="""
            - Is distance a valid instrument for «treatment»?
            - Weak instrument: first-stage F of «3..9»
            - Two-stage estimate is «five|ten» times the ordinary one
            - Hausman test rejects, but my instrument is doubtful
            """,
            says="""
            - «Units» with a high «outcome» are more likely to choose «treatment», so «treatment» is
              correlated with the error. As an instrument I use the distance to the nearest office.
            - The two-stage estimate of the effect of «treatment» is «five|eight» times as large as
              the least squares estimate and has a huge standard error. The first-stage F is «4..9».
            """,
            more="""
            - That the instrument acts on «outcome» only through «treatment» is plausible, but I
              cannot prove it.
            - With two instruments the overidentification test passes.
            """,
            asks="""
            - How can I argue for the exclusion restriction?
            - Is a weak instrument worse than none?
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
            - Parallel trends before «treatment» do not look parallel
            - «Treatment» started at different times in different «groups»
            - Difference in differences with «k» treated «groups»
            - Event study plot shows an effect before «treatment»
            """,
            says="""
            - «Treatment» was introduced in some «groups» and not in others. I compare the change in
              «outcome» before and after between the two kinds.
            - The treated «groups» were already improving «two|three» «period»s before «treatment»
              began, so the usual assumption is doubtful.
            """,
            more="""
            - Standard errors are clustered by «group», and there are only «k» of these.
            - The effect seems to grow with time.
            """,
            asks="""
            - Is the comparison still of any use?
            - How should the different starting dates be handled?
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
            - Should I adjust for «z» when I want the effect of «x» on «outcome»?
            - Is «z» a confounder, a mediator or a collider?
            - Simpson's paradox in «outcome» by «group»
            - Total and direct effect of «treatment» on «outcome»
            """,
            says="""
            - I want the effect of «x» on «outcome». «Z» is affected by «x» and also affects
              «outcome». With «z» in the regression, the effect of «x» vanishes.
            - «Treatment» looks harmful over all «units», and helpful within every single «group».
            - A reviewer wants me to adjust for everything that we have measured. In my diagram, one
              of these is a common effect of «treatment» and «outcome».
            """,
            more="""
            - The diagram has «six|seven» nodes, and I am sure of about half of its arrows.
            - Nothing was randomised.
            """,
            asks="""
            - Which variables belong in the model, and by what rule?
            - How much of this can be tested with data?
            """,
        ),
        Problem(
            tags="regression-discontinuity .7, econometrics .35, mediation .2",
            titles="""
            - Bandwidth in a regression discontinuity design for «treatment»
            - Bunching of «units» just above the threshold for «treatment»
            - Jump in «outcome» at a cut-off that was not strictly applied
            """,
            says="""
            - «Units» above a certain «x» received «treatment», all others did not. The jump in
              «outcome» at the threshold depends on how wide a window I look at.
            - There are suspiciously many «units» just above the threshold, as if somebody had
              helped a little.
            """,
            more="""
            - A local linear fit gives half the effect of a cubic one.
            """,
            asks="""
            - Which bandwidth would you report?
            - Does manipulation make the whole design useless?
            """,
        ),
    ),
    details="""
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
            - A/B test became significant on day «3..6» and not any more on day «12..20»
            - A/B test with «treatment»: unequal group sizes
            - Stopping an A/B test early when «treatment» does harm
            - Ratio metrics in an A/B test of «treatment»
            - Same «units» in two A/B tests at once
            """,
            says="""
            - We split the «units» at random: half get «treatment», half do not. I looked at the
              result every morning, and on day «3..6» it was significant. Now it is not any more.
            - By mistake «treatment» went to «38..46»% instead of half of the «units», and nobody
              knows why.
            - The metric is a ratio, total «outcome» by number of visits, and visits of one «unit»
              are not independent.
            """,
            more="""
            - We planned for two weeks and «four|eight» thousand «units» in each arm.
            - Two variants run at the same time, on overlapping «units».
            """,
            asks="""
            - May I stop when it is significant, and if not, how do others do it?
            - Is the comparison still valid?
            - Which variance should one use for such a metric?
            """,
            python="""
            counts = np.array([«180..240», «241..300»])
            shown = np.array([«4000..4400», «4401..4800»])
            stat, p = proportions_ztest(counts, shown)
            """,
        ),
        Problem(
            tags="randomization .6, blocking .5, anova .4",
            titles="""
            - How to block by «group» when testing «treatment»
            - «Units» of one «group» cannot get different treatments: split plot?
            - Randomise «units» or whole «groups»?
            - Latin square with «k» «groups» and a missing cell
            """,
            says="""
            - I plan to test «treatment» on «n» «units» in «k» «groups». The «groups» differ, so I
              would like to have both conditions in each of them.
            - For practical reasons a whole «group» must receive the same «treatment», while a
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
        ),
        Problem(
            tags="factorial-design .65, response-surface .45, interaction .35",
            titles="""
            - Fractional factorial for «five|six|seven» factors in «16..24» runs
            - Which interactions are aliased in my design?
            - Centre points show curvature: «what next|now what»?
            - Optimal setting of «x» and «z» for «outcome» with few runs
            """,
            says="""
            - «Five|Six|Seven» factors may affect «outcome», and each run takes a day. I think of a
              two-level fraction, but do not see which interactions I would give up.
            - The mean of the centre points is clearly above that of the corners. So there is
              curvature, and my two levels cannot say in which factor.
            """,
            more="""
            - The defining relation is I = ABCD, if I have understood it.
            - One of the factors is hard to change, the others are easy.
            """,
            asks="""
            - What design would you choose with this budget?
            - How can the first runs be used again?
            """,
            r="""
            library(FrF2)
            FrF2(nruns = 16, nfactors = «5..7», randomize = TRUE)
            """,
        ),
        Problem(
            tags="crossover .45, regression-to-the-mean .55, repeated-measures .3, pre-post .3",
            titles="""
            - Did «treatment» help, or is it regression to the mean?
            - Carry-over in a crossover with «n» «units»
            - Change from baseline or adjusted final «outcome»?
            """,
            says="""
            - We chose the «units» with the worst «outcome», gave them «treatment», and they
              improved. The untreated ones improved as well.
            - Each «unit» received both conditions in random order. The first one may still have
              worked in the second «period».
            """,
            more="""
            - There was a wash-out of one «period», which was all that we could have.
            - Baseline and change are negatively correlated, as one would expect.
            """,
            asks="""
            - How large an improvement would have happened anyway?
            - Which of the two analyses is the better one?
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
            - Fixed or random effects for «n» «units» over «6..14» years?
            - «Z» is dropped from my fixed effects regression
            - Clustered standard errors with «k» «groups»
            - Lagged «outcome» in a panel with few years
            """,
            says="""
            - I have «outcome» and «x» of «n» «units» for «6..14» years. The within estimator drops
              «z», because it never changes for «a unit».
            - The Hausman test prefers fixed effects. With these the slope of «x» has the opposite
              sign.
            - I put last year's «outcome» on the right-hand side and read that the usual estimator
              is then biased in short panels.
            """,
            more="""
            - The panel is unbalanced: «units» enter and leave.
            - Clustering by «unit» doubles the standard errors, clustering by «group» triples them.
            """,
            asks="""
            - Is there a way to keep a variable that does not vary over time?
            - At which level should the errors be clustered?
            """,
            r="""
            library(plm)
            fe <- plm(«y» ~ «x_name», data = d, index = c("«unit_name»", "year"), model = "within")
            re <- update(fe, model = "random")
            phtest(fe, re)
            """,
        ),
        Problem(
            tags="cointegration .6, vector-autoregression .6, time-series .5, granger-causality .3",
            titles="""
            - Cointegration of «outcome» and «x»
            - Does «x» Granger-cause «outcome»?
            - Choosing lags in a VAR with «three|four» variables
            - Impulse responses depend on the order of variables
            """,
            says="""
            - «Outcome» and «x» both wander, but never far from each other. The Engle-Granger test
              says one thing and Johansen's another.
            - I estimated a vector autoregression of «outcome», «x» and «z». The impulse responses
              change entirely with the order of the three.
            """,
            more="""
            - AIC wants «seven|eight» lags and the Schwarz criterion one.
            - The error correction term is negative, which I take for a good sign.
            """,
            asks="""
            - How is the order justified in practice?
            - Which of the tests is more reliable with «80..140» observations?
            """,
            r="""
            library(vars)
            v <- VAR(d[, c("«y»", "«x_name»", "«z_name»")], p = 2)
            plot(irf(v))
            """,
        ),
        Problem(
            tags="gini .35, elasticity .55, log .4, regression .4, garch .3",
            titles="""
            - Elasticity of «outcome» with respect to «x» from a log-log model
            - Zeros in «x» and a log transformation
            - Gini coefficient of «outcome» with negative values
            - Volatility of «outcome» comes in clusters
            """,
            says="""
            - In a regression of log «outcome» on log «x» the slope is 0.«31..74». My colleague
              reads it as percentage points, I read it as per cent.
            - «8..20»% of the values of «x» are zero, and adding one before taking the logarithm
              changes the slope a lot.
            """,
            more="""
            - The inverse hyperbolic sine was proposed, which again depends on the units.
            """,
            asks="""
            - Who is right?
            - Is there a way to do this that does not depend on an arbitrary constant?
            """,
        ),
    ),
    details="""
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
            - Relative risk of «1.3..2.2», but only «2..6» more per thousand
            - Number needed to treat from an adjusted odds ratio
            """,
            says="""
            - «Event» occurred in «11..24»% of the exposed and «5..9»% of the others. The press
              office wants to write that exposure doubles the risk.
            - The paper reports an odds ratio of «2.1..3.9», although «event» is common. I need the
              ratio of risks.
            """,
            more="""
            - In absolute terms the difference is a few in a thousand.
            - I do not have the raw data, only the published table.
            """,
            asks="""
            - Which measure is least likely to be misunderstood?
            - Can one be converted into the other?
            """,
        ),
        Problem(
            tags="case-control-study .72, matching .4, logistic .3, odds-ratio .3",
            titles="""
            - Why not relative risks in a study of «60..180» cases?
            - Several controls for each case of «event»: «how many|how to analyse»?
            - Conditional logistic regression or not for matched «units»?
            """,
            says="""
            - For each «unit» with «event» we picked «two|three|four» without it, of the same
              «group», and asked about «x» in the past.
            - We sampled by outcome, so the share with «event» in our data is what we made it.
            """,
            more="""
            - Those with «event» probably remember better.
            """,
            asks="""
            - Must the matching appear in the analysis?
            - What can be estimated from such data and what cannot?
            """,
            r="""
            clogit(case ~ «x_name» + strata(set), data = d)
            """,
        ),
        Problem(
            tags="incidence .45, standardization .4, rates .4, poisson-regression .3",
            titles="""
            - Comparing rates of «event» between «groups» of different age
            - Confidence interval for a rate of «3..11» cases
            - Direct or indirect standardisation for small «groups»?
            - Rate of «event» per «unit» or per time at risk?
            """,
            says="""
            - «Event» is more frequent in one «group», but its members are also older. I would like
              to compare rates as if all had the same age structure.
            - One «group» had «3..8» cases of «event» in «years» years. The rate looks alarming, and
              the numbers are tiny.
            """,
            more="""
            - The reference population is the whole country.
            - People move, so time at risk differs.
            """,
            asks="""
            - How do I express the uncertainty?
            - Which standardisation suits such small numbers?
            """,
        ),
        Problem(
            tags="diagnostic .5, sensitivity-specificity .7, agreement-statistics .35",
            titles="""
            - Sensitivity of a quick test without a gold standard
            - Kappa of 0.«21..38» in spite of «88..95»% agreement
            - Predictive value of a test for «event» in another population
            - Bland-Altman plot for two ways of measuring «outcome»
            """,
            says="""
            - Two raters judged the same «60..200» cases and agree on nine out of ten, and yet kappa
              is only 0.«21..38».
            - A quick test was compared with the laboratory in people who were already suspected to
              have the condition. Now it is to be used on everybody.
            """,
            more="""
            - Nearly all cases are negative.
            - The laboratory method is not perfect either.
            """,
            asks="""
            - Is there a better measure here?
            - Which of the figures carry over to another population?
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
