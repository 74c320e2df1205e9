"""Inference: tests, power, several tests at once, Bayesian models."""

from demo.site.material import Problem, Topic

TESTS = Topic(
    name="hypothesis tests",
    weight=7.5,
    tags="hypothesis-testing .7, statistical-significance .3",
    problems=(
        Problem(
            tags="t-test .88, unequal-variances .2",
            titles="""
            - a: Paired or unpaired t-test for «outcome» before and after «treatment»?
            - b: Student or Welch when comparing two «groups»?
            - c: One-sided t-test for «outcome»: «allowed|acceptable» after seeing the data?
            - b: Comparing the mean «outcome» of «few=8..15» and «many=60..200» «units»
            - d: Can I run a t-test on percentages?
            """,
            says="""
            - a: I have «outcome» of the same «n» «units» before and after «treatment». A colleague
              used the two-sample version of the test, and I think that it should be the paired one.
            - b: Two «groups» of «units» are to be compared in mean «outcome». They have «few=8..15»
              and «many=60..200» members, and the variances are not equal.
            - c: The difference in mean «outcome» goes in the direction that we expected, with a
              two-sided p of 0.0«6..9». If I test one side only, it is half of that.
            - d: «Outcome» is given in per cent for each of the «units», and I compare two «groups»
              of them. Percentages cannot be normal, so perhaps I should not compare their means.
            """,
            more="""
            - a: In the paired version t = «2.1..3.4» with «n» pairs.
            - a: Two «units» have only one of the two measurements.
            """,
            asks="""
            - ab: Which version is correct, and why does it matter so much here?
            - c: Would anybody object to the one-sided version?
            - d: Is there anything wrong with it, and what would be better?
            """,
            r="""
            t.test(d$before, d$after, paired = TRUE)
            t.test(«y» ~ treated, data = d)   # Welch by default
            """,
            python="""
            stats.ttest_rel(df["before"], df["after"])
            stats.ttest_ind(a, b, equal_var=False)
            """,
        ),
        Problem(
            tags="wilcoxon-mann-whitney .8, nonparametric .6, median .25",
            titles="""
            - a: Does the Mann-Whitney test compare medians or not?
            - a: Mann-Whitney is significant although the medians are equal
            - b: «Many|Lots of» ties in a rank sum test of «outcome»
            - c: Signed rank test or sign test for skewed differences in «outcome»?
            """,
            says="""
            - a: Two «groups» have exactly the same median «outcome», and yet the rank sum test
              gives p = 0.00«1..9». I had thought that it compares medians.
            - b: «Outcome» was recorded in whole numbers, so there are many ties. The software warns
              that it cannot compute an exact p-value.
            - c: The differences are skewed, and I read that the signed rank test assumes symmetry.
              Then what is it good for?
            """,
            more="""
            - a: The shapes of the two distributions are quite different, one has a long tail.
            - The t-test on the same data is not significant at all.
            """,
            asks="""
            - ac: What exactly is the null hypothesis of this test?
            - a: How should I describe the difference in words?
            - b: Do ties matter with this sample size?
            """,
            r="""
            wilcox.test(«y» ~ treated, data = d, conf.int = TRUE)
            # Warning: cannot compute exact p-value with ties
            """,
        ),
        Problem(
            tags="chi-squared-test .82, contingency-tables .55, categorical-data .35",
            titles="""
            - a: Chi-squared test with expected counts below five
            - b: «Event» by «group»: which cell of the table is responsible?
            - a: Fisher's exact test or chi-squared for a 2 by «3..6» table?
            - a: With and without Yates' correction I get different conclusions
            """,
            says="""
            - a: I cross-tabulated «event» by «group». Some cells have an expected count below five,
              and the software warns that the approximation may be incorrect.
            - b: The overall test of the «k» by two table is significant. Now I would like to know
              which of the «groups» differ from what one would expect.
            """,
            more="""
            - a: Merging the small «groups» would help, but they have nothing in common.
            - The same «unit» can occur in more than one cell, which may be a problem.
            """,
            asks="""
            - a: Is the warning to be taken seriously?
            - b: Are standardised residuals the way to go?
            """,
            r="""
            tab <- table(d$«group_name», d$«event_name»)
            chisq.test(tab)$expected
            fisher.test(tab, simulate.p.value = TRUE)
            """,
            output="""
                 no  yes
            A   «31..88»    «2..4»
            B   «31..88»   «12..29»
            C   «11..29»    «1..3»
            """,
        ),
        Problem(
            tags="p-value .86, interpretation .3, confidence-interval .25",
            titles="""
            - a: What does p = 0.0«pval=51..72» mean for «treatment»?
            - b: Does a large p-value show that «treatment» has no effect?
            - c: p-value of 0.04«1..9» but the interval includes zero
            - a: Is 'marginally significant' a thing?
            """,
            says="""
            - a: The effect of «treatment» on «outcome» has a p-value of 0.0«pval=51..72». My boss
              reads this as a chance of «93..95»% that the effect is real.
            - b: We found no significant effect of «treatment», and the draft now says that there is
              none. I feel that this is wrong, but I cannot explain it well.
            - c: Test and interval contradict each other: one just rejects, the other just includes
              zero.
            """,
            more="""
            - ab: The estimated difference itself would be important in practice, if it were true.
            - a: I know the definition $P(T \\ge t \\mid H_0)$ and can recite it, which does not
              help in meetings.
            """,
            asks="""
            - ac: What is the correct statement, in words that a manager accepts?
            - b: How can one give evidence for the absence of an effect?
            """,
        ),
        Problem(
            tags="normality-assumption .8, shapiro-wilk .5, qq-plot .4, t-test .25",
            titles="""
            - a: Shapiro-Wilk rejects normality of «outcome» with «rows» rows
            - Which must be normal: «outcome» or the residuals?
            - b: Is normality testing «useless|worth it» with «n» «units»?
            - a: How straight must a QQ plot of «outcome» be?
            """,
            says="""
            - a: The histogram of «outcome» looks like a bell to me, but a Shapiro-Wilk test gives p
              < 0.001. There are «rows» rows.
            - b: My course said to check for a Gaussian shape first and to take a rank test
              otherwise. With «n» «units» the check never rejects anything.
            """,
            more="""
            - The points of the quantile plot leave the line at both ends, by a little.
            - I hear that the central limit theorem takes care of it, and also that it does not.
            """,
            asks="""
            - Should one test this at all?
            - What sort of deviation would be a reason to worry?
            """,
            r="""
            shapiro.test(sample(d$«y», 4000))
            qqnorm(d$«y»); qqline(d$«y»)
            """,
        ),
        Problem(
            tags="multiple-comparisons .84, bonferroni .4, false-discovery-rate .5, p-value .25",
            titles="""
            - b: Bonferroni over «tests=150..900» tests leaves nothing significant
            - a: Do I have to correct when I test «outcome» in each «group»?
            - b: Benjamini-Hochberg with correlated tests of «x»
            - Which family do my «12..60» p-values belong to?
            """,
            says="""
            - a: I tested «treatment» in each of «20..60» subgroups. «Three|Four» have p < 0.05,
              which is about as many as chance alone would give.
            - b: With the «tests=150..900» tests that I run, the smallest p-value is 0.000«2..9».
              After the Bonferroni correction nothing is left.
            """,
            more="""
            - b: The tests are positively correlated, as neighbouring variables measure similar
              things.
            - a: We could of course declare most of the tests exploratory afterwards.
            """,
            asks="""
            - Is controlling the false discovery rate appropriate here?
            - Over which set of tests does one have to adjust?
            """,
            r="""
            sum(p.adjust(p, "bonferroni") < 0.05)
            sum(p.adjust(p, "BH") < 0.05)
            """,
            python="""
            reject, adjusted, *_ = multipletests(p, alpha=0.05, method="fdr_bh")
            """,
        ),
        Problem(
            tags="correlation .86, pearson-r .35, spearman-rho .45",
            titles="""
            - a: Pearson or Spearman for «x» and «outcome»?
            - c: Are two correlations, 0.«low=30..44» and 0.«high=55..70», significantly different?
            - b: Correlation of «x» and «outcome» within and between «groups» has opposite signs
            - d: «Weak|Tiny» but highly significant correlation of «x» and «outcome»
            """,
            says="""
            - a: «X» and «outcome» have a Pearson coefficient of 0.«12..29» and a rank coefficient
              of 0.«41..60». The scatter plot is a bent cloud.
            - b: Over all «units», «x» and «outcome» go together. Inside each «group» the relation
              is the other way round!
            - c: In one «group» the coefficient is 0.«low=30..44» and in the other 0.«high=55..70».
              I would like to know whether that is more than noise.
            - d: The correlation of «x» and «outcome» is 0.0«4..9» with p < 0.001. So it is probably
              not zero, but is it anything?
            """,
            more="""
            - d: With «rows» rows even 0.03 is significant.
            - a: A single «unit» in the corner of the plot is responsible for about half of it.
            """,
            asks="""
            - a: Which of the two is the right one to report?
            - b: What is going on here?
            - c: How does one compare two coefficients?
            - d: How should I describe such a result?
            """,
            r="""
            cor.test(d$«x_name», d$«y», method = "spearman", exact = FALSE)
            by(d, d$«group_name», function(g) cor(g$«x_name», g$«y»))
            """,
            code_for="r ab",
        ),
    ),
    details="""
    - Formally, $H_0\\colon \\theta = 0$ against $H_1\\colon \\theta \\ne 0$.
    - The two samples have «n» and «15..80» observations.
    - Significance level is the usual 5%, two-sided.
    - The hypotheses were fixed before we looked at the data. Well, most of them.
    - Measurements on different «units» can be taken as independent.
    - I would like to do this properly, since we shall repeat the study next year.
    """,
    tried="""
    - a permutation test with 10,000 shuffles
    - the same test on logarithms
    - removing the largest value
    - asking a colleague, who asked me back
    - reading two textbooks that contradict each other
    """,
    quotes="""
    - The authors should state clearly which test was used for which hypothesis.
    - Not significant is not the same as equal.
    """,
    aside="""
    - The difference was significant in a simple t-test (p = 0.0«1..4»).
    - A hypothesis test on the same data gives a p-value of 0.0«06..49».
    """,
    aside_tags="hypothesis-testing .35, p-value .15",
)

POWER = Topic(
    name="power and sample size",
    weight=3.2,
    tags="sample-size .55, statistical-power .6",
    problems=(
        Problem(
            tags="effect-size .4, t-test .25",
            titles="""
            - a: How many «units» do I need to detect «a|some» difference in «outcome»?
            - b: Is a study with «n» «units» worth starting?
            - c: Post hoc power of 0.«21..48»: should I report it?
            - a: What effect size may I assume for «treatment»?
            """,
            says="""
            - a: Before we start, I have to say how many «units» are needed to show that «treatment»
              changes «outcome». The calculator wants an effect size, and I have no idea what to put
              in.
            - b: We can afford «n» «units» in total. I would like to know beforehand whether that
              has any chance of success.
            - c: The study is over and found nothing. A reviewer asks for the observed power.
            """,
            more="""
            - a: From a pilot with «six|eight» «units» I have a standard deviation, which is itself
              rather uncertain.
            - ab: With a medium effect of 0.5 the calculator says 64 in each arm, which is out of
              reach.
            """,
            asks="""
            - ab: How should one choose a number that nobody knows?
            - c: Is there any point in doing such a calculation afterwards?
            """,
            r="""
            power.t.test(delta = «2..5», sd = «6..9», power = 0.8)
            """,
            python="""
            TTestIndPower().solve_power(effect_size=0.«3..6», power=0.8, alpha=0.05)
            """,
        ),
        Problem(
            tags="simulation .5, mixed-model .4, cluster-sample .3",
            titles="""
            - a: Sample size when «units» are nested in «groups»
            - b: Power by simulation for a design with «k» «groups»
            - More «groups» or more «units» per «group»?
            """,
            says="""
            - a: Whole «groups» will be assigned to «treatment», and «units» of one «group» resemble
              each other. The simple formulas therefore promise too much.
            - b: No formula covers our design, so I simulate data and count how often the effect is
              detected. The answer depends heavily on assumptions about variances.
            """,
            more="""
            - a: An intraclass correlation of 0.0«2..9» and «20..30» «units» in each «group» give a
              design effect of nearly «two|three».
            - b: A thousand runs take an hour, and the curve is still rough.
            """,
            asks="""
            - b: How many runs are enough?
            - a: Is it better to add «groups» or to measure more in each of them?
            """,
            r="""
            detected <- replicate(1000, {
              d <- simulate_trial(groups = «12..20», per_group = 25, effect = 0.3)
              coef(summary(lmer(y ~ treated + (1 | group), d)))["treated", "t value"] > 1.96
            })
            mean(detected)
            """,
            code_for="r b",
        ),
        Problem(
            tags="binomial .4, proportion .5, confidence-interval .35",
            titles="""
            - a: No «event» in «watched=30..90» «units»: how rare can it be?
            - b: How many «units» to show that «event» is rarer than «1..5»%?
            - b: Precision of a percentage from «n» «units»
            """,
            says="""
            - a: We watched «watched=30..90» «units» and saw no «event» at all. I would like to
              state an upper limit for its probability.
            - b: To plan the study, I need the number of «units» such that the share with «event» is
              known to within «two|three|five» percentage points.
            """,
            more="""
            - a: The usual formula with $\\sqrt{p(1-p)/n}$ gives a width of zero here, which cannot
              be right.
            - a: Somebody mentioned a rule of three.
            """,
            asks="""
            - a: Which interval would you use near zero?
            - a: How many more «units» without «event» would bring it below 1%?
            - b: How many «units» would that take, and what if the share is near zero?
            """,
            r="""
            binom.test(0, «watched=30..90»)$conf.int
            """,
            code_for="r a",
        ),
    ),
    details="""
    - Each further «unit» costs us about a day of work.
    - The ethics board wants a number, with a reason for it.
    """,
    tried="""
    - the tables at the end of a textbook
    - asking how many others have used
    - a calculator on the web, which gave another answer
    """,
    aside="""
    - We never did a power calculation; the sample size was what we could get.
    """,
    aside_tags="sample-size .5",
)

BAYES = Topic(
    name="Bayesian statistics",
    weight=6.0,
    tags="bayesian .8",
    problems=(
        Problem(
            tags="mcmc .8, stan .45, convergence .3, hierarchical-bayesian .25",
            titles="""
            - a: «Forty|Two hundred|Nine» divergent transitions in a hierarchical model of «outcome»
            - b: Chains do not mix for the variance between «groups»
            - bd: R-hat of 1.«04..31» for one parameter: «run longer or reparametrise|what now»?
            - bc: Trace plots of my sampler look like a slow river
            - cd: Effective sample size of «19..80» after «iterations=20..60» thousand iterations
            - cd: How long must burn-in be for «n» parameters?
            """,
            says="""
            - a: My model has an intercept for each of «n» «units», drawn from a common normal
              distribution. Stan reports divergent transitions, and they pile up where the standard
              deviation between «units» is small.
            - b: Four chains started from different points have not met after «iterations=20..60»
              thousand iterations. The trace of the group variance wanders slowly instead of jumping
              about.
            - c: I wrote a Metropolis sampler by hand. It accepts «2..6»% of the proposals, and
              successive draws are so much alike that the effective sample size is tiny.
            - d: Thinning by ten makes the autocorrelation plot pretty, but the posterior means
              still differ between chains in the second digit.
            """,
            more="""
            - a: Raising `adapt_delta` to 0.99 makes it slow and does not remove all of the
              warnings.
            - ab: Writing the intercepts as $\\mu + \\tau\\,\\eta_j$ with $\\eta_j \\sim N(0,1)$
              helped more than everything else.
            - a: The pairs plot shows a funnel.
            """,
            asks="""
            - Can I use the draws in spite of this?
            - What should I look at first?
            - Is there a way to know when to stop?
            """,
            r="""
            fit <- stan("model.stan", data = list(N = nrow(d), J = «9..40», y = d$«y»),
                        chains = 4, iter = 4000, control = list(adapt_delta = 0.95))
            print(fit, pars = c("mu", "tau"))
            """,
            python="""
            with pm.Model():
                mu = pm.Normal("mu", 0, 10)
                tau = pm.HalfNormal("tau", 5)
                effect = pm.Normal("effect", mu, tau, shape=«9..40»)
                pm.Normal("y", effect[group], 1, observed=df["«y»"])
                trace = pm.sample(2000, tune=1000)
            """,
            code_for="r ab, python ab",
        ),
        Problem(
            tags="prior .84, posterior .3, conjugate-prior .25",
            titles="""
            - a: How do I choose a prior for the effect of «treatment»?
            - b: Is a flat prior on a standard deviation harmless with «k» «groups»?
            - a: My prior «dominates|decides» everything with «n» «units»
            - c: Can last year's posterior be this year's prior?
            - d: «Beta(1, 1) or Jeffreys|Uniform or Jeffreys» for the probability of «event»?
            """,
            says="""
            - a: With only «n» «units», the result depends on what I assume about «treatment»
              beforehand. A sceptical assumption gives nearly zero, a vague one gives a large
              effect.
            - b: For the variance between the «k» «groups» I used an inverse gamma with tiny
              parameters, as in all the old examples. The posterior has a sharp peak near zero.
            - c: We have results of last year, from slightly different «units». I would like to use
              them, but not at full weight.
            - d: We saw «event» in «2..4» of «n» «units» and want a posterior for its probability.
              The two usual choices of prior give noticeably different intervals.
            """,
            more="""
            - ac: Expert opinion is available, two experts and three opinions.
            - I drew from the model without data, and some simulated values of «outcome» were
              plainly impossible.
            """,
            asks="""
            - acd: How would you justify such a choice to a sceptical reader?
            - bd: What is a good default nowadays?
            - How should a sensitivity analysis be presented?
            """,
        ),
        Problem(
            tags="bayes-factor .6, model-comparison .6, credible-interval .25",
            titles="""
            - a: Bayes factor of «factor=2..8» in favour of «treatment»: what now?
            - b: WAIC and LOO prefer different models of «outcome»
            - c: Credible interval includes zero but the posterior probability is «95..98»%
            - b: Pareto k above 0.7 for «three|seven» «units»
            """,
            says="""
            - a: I compare a model with and without «treatment». The marginal likelihoods favour the
              first by a factor of «factor=2..8», and this changes completely with the width that I
              give to the effect.
            - b: Leave-one-out warns of a few «units» with high Pareto k, and then ranks the models
              differently from WAIC.
            - c: The 95% credible interval for the effect on «outcome» just includes zero, while
              «95..98»% of the draws are positive.
            """,
            more="""
            - b: The difference in expected log predictive density is 3.«1..9» with a standard error
              of 2.«1..9».
            """,
            asks="""
            - Which of these numbers should I report?
            - Is the comparison meaningful at all?
            """,
            r="""
            loo1 <- loo(fit1)
            loo2 <- loo(fit2)
            loo_compare(loo1, loo2)
            """,
            code_for="r b",
        ),
        Problem(
            tags="conditional-probability .55, self-study .35, probability .4",
            titles="""
            - a: Bayes' theorem with «two|three» test results in a row
            - Positive test, rare condition: «did I compute this right|where is my mistake»?
            - c: Updating the probability of a fault after «3..9» good items
            """,
            says="""
            - a: A test detects a fault in «88..97»% of the cases and gives a false alarm in
              «2..9»%. One item in «two hundred|a thousand» is faulty. If the test is positive
              twice, what is the chance of a fault?
            - b: I computed $$P(F \\mid +) = \\frac{P(+ \\mid F)\\,P(F)}{P(+)}$$ and got a number
              that seems much too small.
            - c: A machine is either in order or out of order. After «3..9» good items in a row I
              want the probability that it is in order, having started from «60..90»%.
            """,
            more="""
            - a: I am not sure whether I may multiply for the second test, since both use the same
              sensor.
            """,
            asks="""
            - Is my calculation correct?
            - a: How do I take into account that the tests are not independent?
            """,
            intro=False,
        ),
        Problem(
            tags="a:variational-bayes .75, a:approximation .3, b:gaussian-process .8",
            titles="""
            - a: Variational inference underestimates the uncertainty of «outcome»
            - b: Length scale of a Gaussian process for «outcome» runs away
            - a: Laplace approximation or sampling for «n» «units»?
            """,
            says="""
            - a: A mean-field approximation is a hundred times faster than sampling and gives the
              same means, but its posterior standard deviations are about half as large.
            - b: I model «outcome» as a smooth function of «x» with a Gaussian process. The length
              scale goes to infinity, or to zero, according to where I start.
            """,
            more="""
            - b: The kernel is $k(x, x') = \\sigma^2
              \\exp\\left(-\\frac{(x-x')^2}{2\\ell^2}\\right)$.
            - With «rows» rows, the exact computation takes hours.
            """,
            asks="""
            - Is that a bug of mine or a known property?
            - b: How would you regularise this?
            """,
            python="""
            kernel = ConstantKernel() * RBF(length_scale=1.0) + WhiteKernel()
            gp = GaussianProcessRegressor(kernel, n_restarts_optimizer=10).fit(X, y)
            print(gp.kernel_)
            """,
            code_for="python b",
        ),
    ),
    details="""
    - What I am after is $p(\\theta \\mid y) \\propto p(y \\mid \\theta)\\,p(\\theta)$, no more and
      no less.
    - The likelihood is normal, the rest is as weakly informative as I dared.
    - A frequentist fit of the same model gives similar point estimates and narrower intervals.
    - Posterior predictive checks look good except in the upper tail.
    - I am new to this and learnt from a book with many rats in it.
    - There are «n» «units» in «k» «groups», some with two or three rows only.
    """,
    tried="""
    - a half-Cauchy for the scale
    - longer chains
    - standardising «x» and «outcome»
    - simulating fake data and recovering the parameters
    - a non-centred parametrisation
    """,
    quotes="""
    - A prior is what you would have said anyway, only sooner.
    """,
    aside="""
    - A Bayesian version with weak priors gives the same picture.
    """,
    aside_tags="bayesian .5",
)

TOPICS = (TESTS, POWER, BAYES)
