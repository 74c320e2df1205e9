"""Linear and generalised linear models: regression, shrinkage, counts and binary outcomes."""

from demo.site.material import Problem, Topic

REGRESSION = Topic(
    name="regression",
    weight=9.0,
    tags="regression .82, linear-model .16",
    problems=(
        Problem(
            tags="multicollinearity .72, multiple-regression .4",
            titles="""
            - a: «Coefficient|Slope» of «x» «changes sign|flips» when I add «z» to the model
            - Are «x» and «z» too correlated to be used together?
            - c: VIF of «vif=11..48» for «x»: «drop it|do I have to drop it» or live with it?
            - b: «Huge|Large» standard errors as soon as «z» enters a model of «outcome»
            """,
            says="""
            - a: When I regress «outcome» on «x» alone, the slope is clearly positive. As soon as I
              add «z», the slope of «x» turns negative and its standard error «triples|explodes».
              The two predictors are correlated at about 0.«86..97».
            - b: Both «x» and «z» should matter for «outcome», and each does so on its own. In the
              joint model neither is significant, although the F test of the whole model has p <
              0.001.
            - c: `vif()` gives me «vif=11..48» for «x» and nearly as much for «z». The textbook says
              to remove one of them, but both are needed to answer our question about «outcome».
            """,
            more="""
            - The fitted values hardly change whichever of the two I leave out, which makes me think
              that the data simply cannot tell them apart.
            - Centring both variables made the intercept nicer and changed nothing else.
            - I have seen advice to replace the two by their first principal component, but then I
              could no longer say anything about «x» itself.
            """,
            asks="""
            - Should I drop one of the two predictors, and if so, by what criterion?
            - Is collinearity a problem here at all, if I only want to adjust for «z»?
            - How would you report the effect of «x» in such a situation?
            """,
            r="""
            fit <- lm(«y» ~ «x_name» + «z_name», data = d)
            summary(fit)
            car::vif(fit)
            """,
            python="""
            X = sm.add_constant(df[["«x_name»", "«z_name»"]])
            fit = sm.OLS(df["«y»"], X).fit()
            print(fit.summary())
            print([variance_inflation_factor(X.values, i) for i in (1, 2)])
            """,
        ),
        Problem(
            tags="heteroscedasticity .68, residuals .6, assumptions .25",
            titles="""
            - ac: «Residuals|The residuals» of my model for «outcome» look like a funnel
            - Is it enough to use robust standard errors when the residual spread grows with «x»?
            - Log-transforming «outcome» because of non-constant variance: «good idea|yes or no»?
            - c: What does a curved residual plot tell me about «x»?
            """,
            says="""
            - a: I fitted a straight line of «outcome» against «x». The plot of residuals against
              fitted values opens like a funnel: narrow on the left, and «three|four» times as wide
              on the right.
            - b: The mean of «outcome» follows «x» nicely, but the scatter around the line grows
              with it. A Breusch-Pagan test agrees («0.01..0.04» or so).
            - c: The diagnostic plots show two things at once: a slight bend, and a spread that is
              much larger for «groups» with a high «outcome».
            """,
            more="""
            - Taking logarithms makes the plot look better, but then everybody asks me for the
              effect in the original units.
            - I also tried weighted least squares with weights $1/x_i$, more or less by feel.
            - With sandwich standard errors the interval gets about «15..40»% wider, and nothing
              else moves.
            """,
            asks="""
            - Which of these remedies is appropriate if I care about the slope and its interval?
            - Do I have to do something about it, or are the estimates fine as they are?
            - Is a transformation or a different variance model the better habit?
            """,
            r="""
            fit <- lm(«y» ~ «x_name», data = d)
            plot(fit, which = 1)
            lmtest::bptest(fit)
            lmtest::coeftest(fit, vcov = sandwich::vcovHC(fit, type = "HC3"))
            """,
        ),
        Problem(
            tags="interaction .84, multiple-regression .3, interpretation .2",
            titles="""
            - a: How do I «interpret|explain» an interaction between «x» and «z»?
            - a: Main effect of «x» not significant, but its interaction with «z» is
            - ab: Does a product term with «x» need both main effects?
            - c: Interaction of «group» and «x»: which coefficient is which?
            """,
            says="""
            - a: I expect the effect of «x» on «outcome» to depend on «z», so I added the product of
              the two. Now the main effect of «x» is near zero and «far from|not» significant, while
              the product term is strong.
            - b: My model contains «x», «z» and their product. A reviewer wants me to remove the
              main effect of «x» because its p-value is «0.30..0.80».
            - c: The slope of «outcome» on «x» is «different|steeper» in some «groups» than in
              others. I let it differ by a product with the «group» indicator, and now I drown in
              coefficients.
            """,
            more="""
            - ab: If I centre «z» first, the main effect becomes significant again. How can the same
              model say two different things?
            - ab: Plotting the predicted lines at a low, middle and high value of «z» looks
              convincing: they clearly cross.
            """,
            asks="""
            - How would one put this into one sentence for readers without statistics?
            - ab: May I speak of the effect of «x» at all when the product term is in the model?
            - ab: Is it ever right to keep the product and drop a main effect?
            """,
            r="""
            fit <- lm(«y» ~ «x_name» * «z_name», data = d)
            emmeans::emtrends(fit, ~ «z_name», var = "«x_name»",
                              at = list(«z_name» = c(1, 5, 10)))
            """,
            code_for="r ab",
        ),
        Problem(
            tags="r-squared .8, goodness-of-fit .35, interpretation .25",
            titles="""
            - a: Is an $R^2$ of 0.«rsq=11..31» «too low|worth reporting» for a model of «outcome»?
            - a: Why is R squared «so low|tiny» although every predictor is significant?
            - b: Negative R-squared on new «units»: is that possible?
            - c: Adjusted or plain R squared when comparing models of «outcome»?
            """,
            says="""
            - a: All my predictors of «outcome» have tiny p-values, and yet the model explains only
              «rsq=11..31»% of the variance. My supervisor says that such a model is useless.
            - b: On the «units» that I used for fitting, R squared is 0.«55..80». On «units» from
              another «group» I computed it by hand and got a negative number.
            - c: Adding «z» raises R squared from 0.41 to 0.42, and the adjusted one goes «down|up»
              a little. I am not sure which one to believe.
            """,
            more="""
            - a: With «rows» rows nearly everything is significant, I suppose.
            - b: I computed it as $$R^2 = 1 - \\frac{\\sum_i (y_i - \\hat y_i)^2}{\\sum_i (y_i -
              \\bar y)^2},$$ where the mean in the denominator is that of the new data.
            """,
            asks="""
            - ab: What is a sensible way to judge whether such a model is any good?
            - a: Does a low value mean that the coefficients are unreliable, too?
            - b: Did I make a mistake in the formula, or is this how it is meant to behave?
            - c: Which of the two should I look at?
            """,
        ),
        Problem(
            tags="nonlinear-regression .55, splines .6, curve-fitting .4",
            titles="""
            - b: How many knots for a smooth of «outcome» on «x»?
            - ab: Polynomial or spline for a curved relation between «x» and «outcome»?
            - c: Fitting a saturation curve to «outcome»: nls complains about the gradient
            - a: «Outcome» rises with «x» and then levels off: «what should I fit|which curve»?
            """,
            says="""
            - a: «Outcome» increases with «x» up to a point and is flat «from there on|beyond it». A
              straight line is clearly wrong, and a parabola turns down at the end, which makes no
              sense.
            - b: I want a smooth curve of «outcome» against «x» and have tried natural cubic bases
              with 3, 5 and 10 knots. With 10 it wiggles, with 3 it misses the bend.
            - c: I try to fit $y = a\\,(1 - e^{-bx})$ to the data, but the algorithm stops with a
              «singular gradient|message about convergence» for most starting values.
            """,
            more="""
            - a: The bend is what we are interested in, because it is where more «x» stops paying
              off.
            - ab: A fifth degree polynomial follows the points well and does absurd things at both
              ends.
            """,
            asks="""
            - b: How do I choose the flexibility without fooling myself?
            - a: Is there a standard way to get an interval for the point where the curve flattens?
            - What would you use here, and why?
            """,
            r="""
            library(splines)
            fit3 <- lm(«y» ~ ns(«x_name», df = 3), data = d)
            fit8 <- lm(«y» ~ ns(«x_name», df = 8), data = d)
            AIC(fit3, fit8)
            """,
            python="""
            def saturation(x, a, b):
                return a * (1 - np.exp(-b * x))

            best, cov = curve_fit(saturation, df["«x_name»"], df["«y»"], p0=(1.0, 0.1))
            """,
            code_for="r ab, python ac",
        ),
        Problem(
            tags="categorical-data .5, categorical-encoding .5, multiple-regression .35",
            titles="""
            - b: Where did my first «group» go in the regression table?
            - b: Dummy variables for «7..30» «groups»: which one is the reference?
            - a: Can I use the «group» number as a numeric predictor of «outcome»?
            """,
            says="""
            - a: The «groups» are coded 1, 2, 3 and so on, and I put this code into the model as it
              was. The result is one slope for «group», which I cannot make sense of.
            - b: I told the software that «group» is a factor. The table now lists every «group» but
              the first, and all p-values compare with the one that is missing.
            """,
            more="""
            - b: Changing the baseline changes which «groups» are significant, which worries me.
            - b: What we really want to know is whether «group» matters at all, not whether one
              differs from another.
            """,
            asks="""
            - a: How should a predictor with many levels be coded?
            - How can I test all the levels together?
            - b: Is there a better choice of reference than the alphabet?
            """,
            r="""
            d$«group_name» <- relevel(factor(d$«group_name»), ref = "«3..9»")
            anova(lm(«y» ~ «x_name», d), lm(«y» ~ «x_name» + «group_name», d))
            """,
        ),
        Problem(
            tags="prediction-interval .75, confidence-interval .6, prediction .3",
            titles="""
            - b: Confidence or prediction interval for the «outcome» of a new «unit»?
            - a: Why do so many points lie outside my confidence band for «outcome»?
            - b: Prediction interval for the sum over «12..40» «units»
            """,
            says="""
            - a: I plotted the regression line of «outcome» on «x» with the shaded 95% band, and at
              least half of the points fall outside. I had expected about one in twenty.
            - b: For a new «unit» I know «x» and would like to say between which limits its
              «outcome» will «probably|most likely» lie.
            """,
            more="""
            - a: The band gets narrower with more data, and the scatter of the points of course does
              not.
            - I understand that one formula has an extra 1 under the root, $\\sqrt{1 + \\tfrac1n +
              \\ldots}$, but not when to use which.
            """,
            asks="""
            - b: Which interval is the right one for this purpose?
            - a: What exactly is it that lies in the band with 95% probability?
            """,
            r="""
            new <- data.frame(«x_name» = c(5, 10, 20))
            predict(fit, new, interval = "confidence")
            predict(fit, new, interval = "prediction")
            """,
        ),
    ),
    details="""
    - In formulas it is $y_i = \\beta_0 + \\beta_1 x_i + \\beta_2 z_i + \\varepsilon_i$ and nothing
      more.
    - There are «rows» complete rows; I removed «two|three|a handful of» obvious recording errors by
      hand.
    - I have checked a scatter plot of each pair of variables, and nothing looks alarming to me.
    - The aim is to explain and not to predict, in case that matters for the answer.
    - We have no more than «3..6» predictors, all of them measured without much error.
    - A Q-Q plot of the residuals is reasonably straight except for the last few points.
    - I know how to fit such a model and read its table; what I lack is judgement.
    """,
    tried="""
    - leaving out one predictor at a time
    - standardising every variable before fitting
    - adding «group» as a factor
    - a log transformation of the response
    - robust regression with Huber weights
    - looking at Cook's distance and removing the worst point
    - fitting the same model to each half of the data
    """,
    quotes="""
    - The regression coefficients are not credible and the authors should reconsider their choice of
      covariates.
    - A significant slope does not make a useful model.
    """,
    aside="""
    - (For a first look I ran an ordinary regression, whose residuals were not pretty.)
    - A plain linear regression with the same variables gives a similar picture.
    """,
    aside_tags="regression .5",
)

REGULARISATION = Topic(
    name="regularisation",
    weight=3.0,
    tags="regression .4, machine-learning .2",
    problems=(
        Problem(
            tags="lasso .85, feature-selection .55, regularization .4, glmnet .3",
            titles="""
            - a: Lasso «keeps|selects» different predictors of «outcome» every time I run it
            - b: Can I report p-values for the variables that the lasso kept?
            - c: Lasso drops «x», which we know to matter
            - ac: lambda.min or lambda.1se for a sparse model of «outcome»?
            """,
            says="""
            - a: I have «80..400» candidate predictors of «outcome» and only «n» «units». The L1
              penalty picks a handful of them, but with another seed for the folds it picks a
              different handful.
            - b: After choosing the penalty by ten-fold validation I refit an ordinary model with
              the variables that survived, and all of them are highly significant. That seems too
              good.
            - c: The path plot shows «x» entering late and leaving early, although everybody in our
              field agrees that it drives «outcome».
            """,
            more="""
            - a: Many of the predictors are nearly copies of each other, which may be the reason.
            - a: With the larger of the two lambdas, nothing but the intercept is left.
            - The elastic net with a mixing parameter of 0.5 is more stable, but keeps far more
              variables.
            """,
            asks="""
            - ac: How can I say something about which variables matter?
            - b: Is there a sound way to do inference after this kind of selection?
            - a: Does stability selection solve this, and is it worth the trouble with so few
              «units»?
            """,
            r="""
            library(glmnet)
            set.seed(«1..99»)
            cv <- cv.glmnet(X, y, alpha = 1, nfolds = 10)
            coef(cv, s = "lambda.1se")
            """,
            python="""
            model = make_pipeline(StandardScaler(), LassoCV(cv=10, random_state=«0..9»))
            model.fit(X, y)
            kept = X.columns[model[-1].coef_ != 0]
            """,
        ),
        Problem(
            tags="ridge-regression .85, regularization .55",
            titles="""
            - b: Do I have to standardise «x» and «z» before ridge regression?
            - a: What does the ridge penalty do «geometrically|to correlated predictors»?
            - c: Ridge regression shrinks, but how do I get «standard errors|an interval»?
            - d: Is ridge the same as a Gaussian prior «on the coefficients|with mean zero»?
            """,
            says="""
            - a: I understand that adding $\\lambda \\lVert\\beta\\rVert_2^2$ to the least squares
              criterion shrinks the coefficients. What I do not see is why the direction with little
              variance is shrunk most.
            - b: If I measure «x» in other units, an L2 penalised fit gives other predictions.
              Ordinary least squares does not do that.
            - c: My penalised fit predicts «outcome» better than least squares, but the software
              prints no standard errors at all.
            - d: Somebody told me that the L2 penalty amounts to assuming that the coefficients come
              from a normal distribution around zero. I can follow the algebra, but I do not see
              what it means.
            """,
            more="""
            - a: From the singular value decomposition I get factors $d_j^2/(d_j^2 + \\lambda)$, and
              that is where my intuition ends.
            - bc: The effective degrees of freedom came out at «4..11», if I computed the trace
              correctly.
            """,
            asks="""
            - ad: Could somebody give an intuitive explanation?
            - b: Is there a reason to leave the intercept out of the penalty?
            - c: How is uncertainty usually reported for such estimates?
            """,
            intro=False,
        ),
        Problem(
            tags="stepwise-regression .7, model-selection .6, feature-selection .45, aic .45",
            titles="""
            - a: What is so bad about stepwise selection «for «outcome»|with «8..30» predictors»?
            - b: AIC and BIC choose different models of «outcome»
            - b: Is a difference of 1.«1..9» in AIC worth anything?
            - ac: Backward elimination «keeps|removed» «z»: can I trust that?
            """,
            says="""
            - a: I started with «9..25» predictors of «outcome» and removed the one with the largest
              p-value until all were below 0.05. A reviewer calls this «unacceptable|data dredging».
            - b: The two information criteria disagree: one wants «x», «z» and their product, the
              other only «x».
            - c: Forward and backward search end at different sets of variables for the same
              response.
            """,
            more="""
            - b: The penalties are $2k$ and $k \\log n$, so with my sample size the second one is
              almost «three|four» times as strict.
            - I also compared the candidates on held-out «units», where all of them do equally well.
            """,
            asks="""
            - ac: What should I do instead, short of thinking harder about the subject matter?
            - b: Which of the two criteria fits my purpose?
            - Does it make sense to average over several models instead of choosing?
            """,
            r="""
            full <- lm(«y» ~ ., data = d)
            step(full, direction = "backward", trace = 0)
            """,
            code_for="r ac",
        ),
    ),
    details="""
    - All predictors are numeric and have been scaled to mean 0 and variance 1.
    - There is no separate test set, the data are too few for that.
    - I use the same folds for all methods so that the comparison is fair.
    """,
    tried="""
    - repeating the validation a hundred times and averaging
    - dropping one of each highly correlated pair first
    - the elastic net
    - the one-standard-error rule
    """,
    quotes="""
    - Variable selection does not become inference because a computer did it.
    """,
    aside="""
    - I also shrank the coefficients with a penalty, which made no difference.
    """,
    aside_tags="regularization .5",
)

GLM = Topic(
    name="generalised linear models",
    weight=6.0,
    tags="generalized-linear-model .45, regression .35",
    problems=(
        Problem(
            tags="logistic .88, odds-ratio .4, interpretation .3",
            titles="""
            - ac: Odds ratio of «ratio=1.2..2.6» for «x»: how do I explain it to «my boss|the
              board»?
            - a: How to «interpret|read» a logit coefficient for «x»
            - a: Marginal effects or odds ratios for «event»?
            - b: Adding «z» changes the odds ratio of «x» although they are uncorrelated
            """,
            says="""
            - a: My outcome is whether there was «event» (yes or no), and I model its log odds by
              «x» and «z». The odds ratio of «x» is «ratio=1.2..2.6», and I have to explain it to
              people who think in percentages.
            - b: In a model for the probability of «event», the effect of «x» gets larger when I add
              «z», even though «x» and «z» are unrelated. With a linear model that could not happen.
            - c: I exponentiated the coefficients and got a ratio of «ratio=1.2..2.6». A colleague
              translated this as so many times more likely, which I believe is wrong.
            """,
            more="""
            - About «4..30»% of the «units» had the event at all.
            - a: The baseline probability differs between «groups», so the same ratio means
              different things in different places.
            - $$\\log\\frac{p}{1-p} = \\beta_0 + \\beta_1 x + \\beta_2 z$$ is all I fitted; there is
              no interaction.
            """,
            asks="""
            - ac: What is the most honest one-sentence interpretation?
            - ac: Should I report predicted probabilities instead?
            - b: Why is this measure not collapsible, in simple words?
            """,
            r="""
            fit <- glm(«event_name» ~ «x_name» + «z_name», family = binomial, data = d)
            exp(cbind(OR = coef(fit), confint(fit)))
            """,
            python="""
            fit = smf.logit("«event_name» ~ «x_name» + «z_name»", data=df).fit()
            print(np.exp(fit.params))
            """,
        ),
        Problem(
            tags="logistic .85, separation .7",
            titles="""
            - a: glm: fitted probabilities numerically 0 or 1 occurred («event» of «units»)
            - a: Absurdly large coefficient and standard error for one «group»
            - b: Perfect separation when predicting «event» from «x»: «now what|what to do»?
            """,
            says="""
            - a: The software warns that fitted probabilities of 0 or 1 occurred, and the
              coefficient of one «group» is «14..22» with a standard error of about «900..4000».
            - b: No «unit» with high «x» has ever had «event», so the two classes can be split
              without any error. I was happy about this until I saw the estimates.
            """,
            more="""
            - a: Leaving that «group» out makes the warning disappear, but it is the most
              interesting one.
            - With only «5..14» events I do not expect miracles.
            """,
            asks="""
            - Is Firth's correction the right tool here, or a weak prior?
            - Can I simply ignore the warning if I only want predictions?
            """,
            r="""
            fit <- glm(«event_name» ~ «x_name» + «group_name», family = binomial, data = d)
            # Warning: glm.fit: fitted probabilities numerically 0 or 1 occurred
            """,
        ),
        Problem(
            tags="poisson-regression .78, count-data .62, overdispersion .55,"
            " negative-binomial-distribution .4",
            titles="""
            - a: Poisson model of «event» counts is overdispersed: «quasi or negative binomial|help»
            - a: Residual deviance far above the degrees of freedom for «event» counts
            - c: Do I need an offset when «units» were observed for different times?
            - b: Counts of «event» with far too many zeros: «hurdle or zero-inflated|which model»?
            """,
            says="""
            - a: The response is how often «event» was recorded per «unit» and «period». With a log
              link the residual deviance is «412..980» on «90..160» degrees of freedom.
            - b: Most «units» have a count of zero, a few have ten or more. The variance is about
              «three|six|eight» times the mean.
            - c: Each «unit» was observed for a different number of «period»s, and of course those
              observed longer have higher counts.
            """,
            more="""
            - ab: The negative binomial fits better by every criterion, but its dispersion parameter
              comes with a «warning|huge standard error».
            - b: I am not sure whether the zeros are of two kinds: those which could not have had a
              count at all, and those which just had none.
            """,
            asks="""
            - ab: How do I decide between these models?
            - c: Is it right to put the logarithm of the exposure in as an offset?
            - ab: Does the choice matter if only the rate ratios are of interest?
            """,
            r="""
            fit <- glm(n_events ~ «x_name» + offset(log(exposure)), family = poisson, data = d)
            c(deviance(fit), df.residual(fit))
            fit_nb <- MASS::glm.nb(n_events ~ «x_name» + offset(log(exposure)), data = d)
            """,
            code_for="r ac",
        ),
        Problem(
            tags="ordinal-data .75, ordered-logit .6, logistic .3",
            titles="""
            - b: Proportional odds assumption is violated for «x»
            - a: Response with five ordered grades: linear or ordinal model?
            - a: How to predict a «rating|grade» from one to five from «x» and «z»
            """,
            says="""
            - a: Every «unit» received a grade from 1 (poor) to 5 (excellent). The grades are
              ordered, but nobody would claim that the steps are equal.
            - b: I fitted a cumulative logit model, and the test of parallel lines is rejected for
              «x» but not for «z».
            """,
            more="""
            - Grades 1 and 2 are rare, «3..9»% together, so I might merge them.
            - a: A linear model of the grade gives nearly the same conclusions, which makes me
              wonder what I gain.
            """,
            asks="""
            - b: Does a violation matter in practice, with a sample of this size?
            - What are the alternatives, and which of them can still be explained?
            """,
            r="""
            fit <- MASS::polr(factor(grade) ~ «x_name» + «z_name», data = d, Hess = TRUE)
            """,
        ),
        Problem(
            tags="gamma-distribution .5, link-function .6, skewness .3",
            titles="""
            - a: Gamma GLM with log link or linear model of the logarithm for «outcome»?
            - a: «Outcome» is positive and skewed: which family and link?
            - b: Why does back-transforming give a lower mean «outcome» than a log link?
            """,
            says="""
            - a: «Outcome» is strictly positive with a long right tail. I can either model its
              logarithm with least squares, or the mean itself with a log link.
            - b: Both versions give nearly the same coefficients, but the predicted means differ by
              «6..20»%, always in the same direction.
            """,
            more="""
            - I understand that $E[\\log Y] \\ne \\log E[Y]$, but not which of the two I want.
            - The coefficient of variation is about constant over the range of «x».
            """,
            asks="""
            - a: What are the arguments for one or the other?
            - b: Is a smearing correction still used by anybody?
            """,
            r="""
            a <- lm(log(«y») ~ «x_name», data = d)
            b <- glm(«y» ~ «x_name», family = Gamma(link = "log"), data = d)
            cbind(coef(a), coef(b))
            """,
        ),
    ),
    details="""
    - In short, $g(E[Y]) = X\\beta$ with the usual $g$.
    - The link is the default one, I did not change it.
    - Altogether there are «rows» rows, and the event happened in «60..400» of them.
    - A likelihood ratio test against the empty model is clearly significant.
    - I checked the deviance residuals, but I never know what they should look like.
    """,
    tried="""
    - another link function
    - quasi-likelihood
    - binning «x» into quartiles
    - bootstrapping the coefficients
    - leaving out the «groups» with fewer than five rows
    """,
    aside="""
    - A simple logistic model for «event» gives much the same order of «units».
    """,
    aside_tags="logistic .5",
)

TOPICS = (REGRESSION, REGULARISATION, GLM)
