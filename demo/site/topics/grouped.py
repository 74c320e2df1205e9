"""Grouped and repeated data: mixed models, analysis of variance, meta-analysis."""

from demo.site.material import Problem, Topic

MIXED_MODELS = Topic(
    name="mixed models",
    weight=6.0,
    tags="mixed-model .82, r .2",
    problems=(
        Problem(
            tags="lme4-nlme .7, random-effects-model .35, convergence .2",
            titles="""
            - Why does my mixed model with crossed random effects report a singular fit?
            - Singular fit in lmer with «n» «units» in «k» «groups»: «ignore|simplify» or not?
            - c: Random slope of «x» has a correlation of -1 with the intercept
            - a: lmer: boundary (singular) fit, variance of «group» is exactly zero
            """,
            says="""
            - a: I fit «outcome» on «x» with random intercepts and slopes for «units», and a random
              intercept for «groups». `lmer` reports a singular fit, and the estimated variance
              between «groups» is exactly zero.
            - b: The maximal model, with every slope varying by «unit», does not converge or ends on
              the boundary. If I take out the correlations it works, but I would not know how to
              justify that.
            - c: According to the output, the intercepts and slopes of the «units» are perfectly
              correlated. That is not believable for «outcome».
            """,
            more="""
            - a: There are only «k» «groups», which may simply be too few to estimate a variance.
            - Different optimisers end at the same place, so I do not think that it is a numerical
              accident.
            - The fixed effects hardly depend on any of this.
            """,
            asks="""
            - a: Is it acceptable to remove the term whose variance is zero?
            - a: Should I treat «group» as a fixed effect instead?
            - bc: What is the recommended way to simplify, and in what order?
            """,
            r="""
            library(lme4)
            m1 <- lmer(«y» ~ «x_name» + (1 + «x_name» | «unit_name») + (1 | «group_name»), data = d)
            """,
            output="""
            boundary (singular) fit: see ?isSingular
            Random effects:
             Groups      Name        Variance Std.Dev. Corr
             «unit_name»  (Intercept) «1.10..9.90»     «1.00..3.10»
                         «x_name»      0.0«1..9»     0.1«1..9»   -1.00
             «group_name»  (Intercept) 0.00     0.00
            """,
        ),
        Problem(
            tags="random-effects-model .6, fixed-effects-model .45, multilevel-analysis .45",
            titles="""
            - a: Should «group» be a fixed or a random effect?
            - a: «Units» nested in «groups»: how many «groups» do I need?
            - a: Are «k» «groups» enough for a random intercept?
            - b: What is «borrowing strength|partial pooling», in terms of «units» and «groups»?
            """,
            says="""
            - a: The «units» belong to «k» «groups». I have read that factors with fewer than five
              or six levels should be fixed, and also that everything which has been sampled should
              be random.
            - b: I would like to compare the «groups» with each other, but some have only «3..8»
              rows. In the multilevel fit their estimates are pulled towards the overall mean, and
              the people concerned do not like that.
            """,
            more="""
            - The intraclass correlation is 0.«08..35», so ignoring the nesting is not an option.
            - We may get data from further «groups» next year.
            - a: I think of the «groups» as $b_j \\sim N(0, \\sigma_b^2)$, but nobody drew them at
              random from anything.
            """,
            asks="""
            - a: What does the decision depend on?
            - b: How do I explain shrinkage to people who see only that their number got worse?
            - a: Would both versions answer the same question?
            """,
        ),
        Problem(
            tags="repeated-measures .62, panel-data .2, lme4-nlme .4, autocorrelation .2",
            titles="""
            - Repeated measurements of «outcome» on the same «units» at unequal times
            - a: «Outcome» of each «unit» measured several times: which covariance structure?
            - a: How to model the trend of «outcome» within «units» over time
            - b: Do I still need a random intercept with an AR(1) structure?
            """,
            says="""
            - a: Every «unit» was measured between «two and nine|three and seven» times, not always
              at the same distance. I am interested in how «outcome» develops after «treatment».
            - b: The same «units» appear again and again in my rows. With a random intercept the
              residuals of one «unit» are still correlated from «period» to «period».
            """,
            more="""
            - Some «units» left the study early, and I suspect not by chance.
            - In the classical analysis I would lose every «unit» with a gap, which are most of
              them.
            """,
            asks="""
            - Which correlation structure would you start with?
            - a: Is time better treated as a number or as a factor?
            - How do I get one p-value for the difference in trends?
            """,
            r="""
            library(nlme)
            m <- lme(«y» ~ time * treated, random = ~ 1 | «unit_name»,
                     correlation = corCAR1(form = ~ time | «unit_name»), data = d)
            """,
        ),
        Problem(
            tags="lme4-nlme .5, p-value .5, degrees-of-freedom .6",
            titles="""
            - a: Where are the p-values in the output of lmer?
            - b: Satterthwaite or Kenward-Roger degrees of freedom with «n» «units»?
            - c: Likelihood ratio test of «x»: REML or ML fit?
            """,
            says="""
            - a: The summary gives a t value of «1.9..2.6» for «x» but no p-value, and I understand
              that this is on purpose. The journal insists on one nevertheless.
            - b: Two packages report different degrees of freedom for the same effect, «9..14» and
              «200..900». The conclusion depends on which one I take.
            - c: I compare the models with and without «x» by a likelihood ratio test. `anova`
              refits both before it compares them, and I do not know why.
            """,
            more="""
            - c: The fixed effects differ between the models that I compare, so I refitted with
              maximum likelihood, as the warning told me to.
            - ab: A parametric bootstrap takes all night and gives 0.0«4..7».
            """,
            asks="""
            - ab: Which approximation is to be preferred in small samples?
            - b: Where does the difference come from?
            - c: Does it matter which of the two fits I use?
            """,
            r="""
            library(lmerTest)
            m <- lmer(«y» ~ «x_name» + (1 | «unit_name»), data = d)
            anova(m, ddf = "Kenward-Roger")
            """,
            code_for="r ab",
        ),
        Problem(
            tags="glmm .7, logistic .35, lme4-nlme .35",
            titles="""
            - a: glmer fails to converge for «event» by «unit»
            - b: Random intercepts for a yes/no outcome: conditional or marginal effect?
            - b: GEE or random effects for repeated «event»?
            """,
            says="""
            - a: The response is «event» (yes/no) in each «period», with several rows for each
              «unit». `glmer` stops with *Model failed to converge with max|grad| = 0.0«12..90»*.
            - b: I fitted both a GEE and a model with random intercepts to the same binary data, and
              the second has effects that are «20..50»% larger.
            """,
            more="""
            - a: Rescaling «x» helped a little.
            - For some «units» the answer is always no, which may be the trouble.
            """,
            asks="""
            - b: Which of the two effects do I want if I am to advise a single «unit»?
            - a: Can I trust the estimates in spite of the warning?
            """,
            r="""
            m <- glmer(«event_name» ~ scale(«x_name») + (1 | «unit_name»), family = binomial,
                       data = d, control = glmerControl(optimizer = "bobyqa"))
            """,
            code_for="r a",
        ),
    ),
    details="""
    - Written out: $y_{ij} = \\beta_0 + \\beta_1 x_{ij} + u_j + \\varepsilon_{ij}$ with normal
      $u_j$.
    - In total there are «rows» rows from «n» «units» in «k» «groups».
    - The residual plots look fine to me, by «unit» as well as overall.
    - I have read the usual tutorials, but they all use balanced data.
    - The design is not balanced: some «groups» have ten times as many rows as others.
    - The question behind it is whether «treatment» changes «outcome», and everything else is there
      to be adjusted for.
    """,
    tried="""
    - another optimiser
    - centring «x» within «groups»
    - removing the correlation with the double bar syntax
    - averaging over each «unit» first and using a simple model
    - fitting the same thing in another package
    """,
    quotes="""
    - Please justify the random effects structure.
    - The nested structure of the data has been ignored throughout.
    """,
    aside="""
    - The rows are not independent, as there are several for each «unit»; in a mixed model I would
      add a random intercept.
    - I am aware of the nesting within «groups» and would add random effects later.
    """,
    aside_tags="mixed-model .5",
)

ANOVA = Topic(
    name="analysis of variance",
    weight=4.0,
    tags="anova .84, hypothesis-testing .15",
    problems=(
        Problem(
            tags="post-hoc .7, multiple-comparisons .5, tukey-hsd .4",
            titles="""
            - a: Overall test significant, but no two «groups» differ
            - a: Tukey or Bonferroni after comparing «outcome» in «k» «groups»?
            - b: Planned contrasts between «groups» when the overall F is not significant
            """,
            says="""
            - a: The overall F test says that mean «outcome» differs between the «k» «groups» (p =
              0.0«11..46»). None of the pairwise comparisons is below 0.05 after adjustment.
            - b: Before the study we wrote down two comparisons of interest. The omnibus test is not
              significant, and a co-author says that we must stop there.
            """,
            more="""
            - a: With «k» «groups» the number of pairs is large and only a few of them are of any
              interest.
            - a: Without adjustment, the largest difference has a p-value of 0.00«2..9».
            """,
            asks="""
            - a: How can the overall test and the pairs contradict each other?
            - b: Is it legitimate to look only at the comparisons that we planned?
            """,
            r="""
            fit <- aov(«y» ~ factor(«group_name»), data = d)
            summary(fit)
            TukeyHSD(fit)
            """,
        ),
        Problem(
            tags="sums-of-squares .6, unbalanced-data .4, r .3, interaction .25",
            titles="""
            - Type II or type III sums of squares with unbalanced «groups»?
            - a: The order of «x» and «group» changes my analysis of variance table
            - b: Why do R and SPSS disagree about the effect of «group»?
            """,
            says="""
            - a: The cells of my two-way table have between «3..6» and «30..60» «units». If I swap
              the two factors in the formula, the F values change.
            - b: My colleague gets another F value for the same factor, with other software and the
              same data.
            """,
            more="""
            - As far as I can tell the interaction is negligible.
            - I have found many heated discussions of types I, II and III, but no summary that I
              could follow.
            """,
            asks="""
            - a: Which type answers the question whether «treatment» has any effect?
            - b: Is one of the programs wrong?
            """,
            r="""
            car::Anova(lm(«y» ~ treated * «group_name», data = d), type = 2)
            """,
        ),
        Problem(
            tags="repeated-measures .75, sphericity .55, spss .25",
            titles="""
            - a: Mauchly's test of sphericity is significant: which correction?
            - b: Within and between factors for «outcome» of «n» «units»
            - b: One «unit» has a missing value in a repeated measures design
            """,
            says="""
            - a: All «n» «units» were measured under «k» conditions. Mauchly's test is significant,
              and Greenhouse-Geisser and Huynh-Feldt corrections fall on different sides of 0.05.
            - b: One factor varies within «units» and the other between them. «Three|Four» «units»
              lack one measurement, and the software drops them altogether.
            """,
            more="""
            - The order of conditions was randomised, but I did not record it. Sorry.
            - a: I could also average the conditions two by two, which would avoid the problem.
            """,
            asks="""
            - a: Which correction is usually reported?
            - b: Is there a way to keep the incomplete «units»?
            """,
        ),
        Problem(
            tags="assumptions .5, heteroscedasticity .35, kruskal-wallis .5, nonparametric .3",
            titles="""
            - Levene's test rejects equal variances of «outcome» across «groups»
            - Welch's version or Kruskal-Wallis for «k» «groups»?
            - How robust is the F test when «groups» have «very|quite» different spreads?
            """,
            says="""
            - The standard deviation of «outcome» in one «group» is «three|four» times that of the
              others, and Levene's test confirms it.
            - I want to compare mean «outcome» between «k» «groups», but both the variances and the
              sizes of the «groups» differ a lot.
            """,
            more="""
            - The smallest «group» has the largest spread, which I have read is the worst case.
            - Ranks would solve it, but then I would no longer compare means, would I?
            """,
            asks="""
            - Which test is appropriate?
            - Should one test the assumption at all before choosing?
            """,
            r="""
            oneway.test(«y» ~ «group_name», data = d)   # Welch
            kruskal.test(«y» ~ «group_name», data = d)
            """,
        ),
    ),
    details="""
    - Each «group» has between «5..9» and «20..45» «units».
    - The response is «outcome», roughly symmetric within each «group».
    - The journal wants effect sizes as well, so I report partial eta squared.
    """,
    tried="""
    - a square root transformation
    - leaving out the smallest «group»
    - running separate t-tests, which I know I should not
    - fitting the same design as a regression with dummies
    """,
    aside="""
    - A one-way ANOVA of «outcome» by «group» was significant, for what it is worth.
    """,
    aside_tags="anova .5",
)

META_ANALYSIS = Topic(
    name="meta-analysis",
    weight=1.2,
    tags="meta-analysis .92",
    problems=(
        Problem(
            tags="heterogeneity .55, random-effects-model .4, effect-size .3",
            titles="""
            - a: $I^2$ of «isq=76..94»%: does pooling «studies=8..19» studies make any sense?
            - b: Fixed or random effects when pooling «6..14» small studies?
            - a: Prediction interval crosses zero although the pooled effect does not
            - b: Which estimator of between-study variance for «5..9» trials?
            """,
            says="""
            - a: I pooled «studies=8..19» published studies of the same treatment. The summary
              estimate is clearly positive, but the studies disagree with each other, with $I^2 =
              «isq=76..94»$%.
            - b: The common-effect and the random-effects summaries differ noticeably, because one
              very large study dominates the first.
            """,
            more="""
            - The DerSimonian-Laird and REML estimates of $\\tau^2$ differ by a factor of two.
            - a: Leaving out the oldest study brings heterogeneity down to almost nothing.
            """,
            asks="""
            - a: At what point should one refrain from giving a single summary?
            - a: How do I explain the prediction interval to clinicians?
            - b: Which of the two should be in the abstract?
            """,
            r="""
            library(metafor)
            res <- rma(yi, vi, data = dat, method = "REML")
            forest(res)
            predict(res)
            """,
            intro=False,
        ),
        Problem(
            tags="publication-bias .7, funnel-plot .45",
            titles="""
            - a: Asymmetric funnel plot with «studies=8..14» studies: «bias or chance|what now»?
            - a: Is Egger's test worth anything with «studies=8..14» studies?
            - b: Combining «odds ratios|mean differences» when some papers report only medians
            """,
            says="""
            - a: In my review the small studies show larger effects than the large ones, so the
              funnel is lopsided. Only «studies=8..14» studies were found.
            - b: About a third of the papers report medians and quartiles instead of means and
              standard deviations, and the authors do not answer mail.
            """,
            more="""
            - a: Trim and fill adds «three|four» imaginary studies, and the effect vanishes.
            - I searched «three|four» databases and did not restrict the language.
            """,
            asks="""
            - a: Can I conclude anything about unpublished studies?
            - b: How should this be handled in the write-up?
            """,
            intro=False,
        ),
    ),
    details="""
    - Effects are standardised mean differences, with variances taken from the papers.
    - The protocol was registered, so I would like to change as little as possible.
    """,
    aside="""
    - In the end these estimates will go into a meta-analysis together with older studies.
    """,
    aside_tags="meta-analysis .6",
)

TOPICS = (MIXED_MODELS, ANOVA, META_ANALYSIS)
