"""Structure without an outcome: clusters, components, factors, maps."""

from demo.site.material import Problem, Topic

CLUSTERING = Topic(
    name="clustering",
    weight=4.5,
    tags="clustering .86, unsupervised-learning .25, machine-learning .15",
    problems=(
        Problem(
            tags="k-means .82",
            titles="""
            - a: How many clusters of «units» should I choose?
            - b: k-means gives other groups of «units» «each time|with every seed»
            - a: No elbow in the elbow plot for «x» and «z»
            - c: Should «x» and «z» be scaled before k-means?
            """,
            says="""
            - a: I would like to divide the «units» into a few types by «outcome», «x» and «z». The
              plot of within-cluster sum of squares falls smoothly, without any elbow.
            - b: With another seed I get other groups of «units». Two groups are always the same,
              the rest is reshuffled.
            - c: «X» is measured in hundreds and «z» between 0 and 1, so the distance is all «x».
              After scaling, the groups are entirely different and harder to explain.
            """,
            more="""
            - a: The silhouette is highest for two groups, which is of no use to anybody.
            - a: The gap statistic says «one|seven|eleven».
            - One cluster contains two strange «units» and nothing else.
            """,
            asks="""
            - a: How do you choose the number of groups when the criteria disagree?
            - ab: Could it be that there are no clusters at all, and how would I notice?
            - c: Is there a rule for scaling?
            """,
            r="""
            wss <- sapply(1:12, function(k) kmeans(scale(d), k, nstart = 25)$tot.withinss)
            plot(1:12, wss, type = "b")
            """,
            python="""
            X = StandardScaler().fit_transform(df[["«y»", "«x_name»", "«z_name»"]])
            for k in range(2, 9):
                labels = KMeans(k, n_init=10, random_state=0).fit_predict(X)
                print(k, silhouette_score(X, labels))
            """,
        ),
        Problem(
            tags="hierarchical-clustering .84, dendrogram .35, distance .35",
            titles="""
            - b: Where should I cut the dendrogram of «units»?
            - a: Ward or average linkage for «units» described by «x» and «z»?
            - a: «Single linkage|My tree» puts nearly all «units» into one group
            - c: Which distance for a mix of numbers and yes/no answers about «units»?
            """,
            says="""
            - a: I built a tree of the «units» from their pairwise distances. With single linkage
              one «unit» after another joins the same big group; Ward's method gives a neat tree.
            - b: The dendrogram suggests three groups on the left side and no structure at all on
              the right. Cutting it at one height does justice to neither.
            - c: «X» and «z» are numbers, and there are «five|nine» questions that were answered by
              yes or no. I need one distance for all of it.
            """,
            more="""
            - c: Gower's coefficient is what I use for the mixture of variables.
            - The cophenetic correlation is 0.«61..84».
            """,
            asks="""
            - a: Is it legitimate to choose the linkage by how the result looks?
            - b: Can the tree be cut at different heights?
            - c: How much should one yes or no count, compared with a number?
            """,
            r="""
            tree <- hclust(dist(scale(d)), method = "ward.D2")
            plot(tree)
            table(cutree(tree, k = 4))
            """,
        ),
        Problem(
            tags="a:dbscan .8, b:gaussian-mixture .8",
            titles="""
            - a: Choosing eps for DBSCAN on positions of «units»
            - a: DBSCAN calls «40..80»% of my «units» noise
            - b: Mixture of Gaussians: one component collapses onto a single «unit»
            - b: Soft assignment of «units» to groups
            """,
            says="""
            - a: The density of points differs a lot across the plane. Either half of the «units»
              are noise, or everything is one group.
            - b: I fit a mixture of normal distributions with EM. Sometimes a component shrinks to a
              single point and the likelihood goes to infinity.
            """,
            more="""
            - a: The plot of distances to the fourth neighbour has no clear knee.
            - b: BIC likes nine components with full covariance, which nobody can interpret.
            """,
            asks="""
            - a: Is there a method that copes with varying density?
            - b: How can I keep a component from collapsing?
            """,
            python="""
            labels = DBSCAN(eps=0.«2..8», min_samples=5).fit_predict(X)
            print((labels == -1).mean())
            """,
            code_for="python a",
        ),
        Problem(
            tags="validation .5, interpretation .25",
            titles="""
            - a: Are my «k» types of «units» real?
            - a: Testing for differences between groups that an algorithm has made
            - b: Comparing two partitions of the same «units»
            """,
            says="""
            - a: After grouping the «units» by «x» and «z» I ran an F test of «x» between the
              groups, and of course it is highly significant. That must be circular.
            - b: Two people grouped the same «units» with different software. I want to say how far
              the partitions agree, although the labels mean nothing.
            """,
            more="""
            - b: The adjusted Rand index is 0.«35..70», whatever that means.
            - a: On resampled data «two|three» of the groups appear again and the others do not.
            """,
            asks="""
            - How is such a result validated in practice?
            - a: What may I compare between the groups without cheating?
            """,
        ),
    ),
    details="""
    - There are «n» «units» and no labels whatsoever.
    - The purpose is to describe the «units» to people who will not read a table.
    - The criterion is $$\\sum_k \\sum_{i \\in C_k} \\lVert x_i - \\mu_k \\rVert^2$$ or a relative
      of it.
    - I dropped variables that were constant or nearly so.
    """,
    tried="""
    - principal components first
    - medoids instead of means
    - removing the outlying «units»
    - a self-organising map, because it looked nice
    - ten starts and a hundred starts
    """,
    aside="""
    - A quick cluster analysis of the «units» showed «three|four» vague groups.
    """,
    aside_tags="clustering .5",
)

COMPONENTS = Topic(
    name="components and factors",
    weight=4.5,
    tags="dimensionality-reduction .25",
    problems=(
        Problem(
            tags="pca .9, eigenvalues .3",
            titles="""
            - a: How many principal components should I keep?
            - b: First component explains «91..97»% of the variance: is that «suspicious|good»?
            - b: PCA on correlations or covariances of «x», «z» and «outcome»?
            - c: Signs of the loadings «flip|change» between runs
            - d: Can I use principal components of «units» as predictors of «outcome»?
            """,
            says="""
            - a: I have «15..40» variables about each «unit». Eigenvalues above one would keep
              «five|six» components, the scree plot suggests two.
            - b: The first component explains nearly all the variance. It turns out to be «x», which
              is simply measured in larger numbers than the rest.
            - c: When I repeat the analysis on another computer, the loadings of the second axis
              have the opposite sign.
            - d: I have «15..40» variables about each «unit» and would like to use their first
              «three|four» components as predictors of «outcome».
            """,
            more="""
            - The components come from the decomposition $X = U D V^\\top$ of the centred data.
            - d: Regressing «outcome» on the first «three|four» scores is worse than on the
              variables.
            - a: In the biplot, «two|three» of the «groups» are clearly apart.
            """,
            asks="""
            - a: Is there a criterion that does not depend on taste?
            - ab: How should the loadings be read?
            - c: Does it matter, and if so, how can I make it reproducible?
            - b: Should I standardise first, and does that always make sense?
            - d: Is that better than selecting some of the variables?
            """,
            r="""
            p <- prcomp(d, center = TRUE, scale. = TRUE)
            summary(p)
            biplot(p)
            """,
            python="""
            pca = PCA(n_components=0.9).fit(StandardScaler().fit_transform(df))
            print(pca.explained_variance_ratio_.cumsum())
            """,
        ),
        Problem(
            tags="factor-analysis .85, rotation .4, pca .2, psychometrics .2",
            titles="""
            - a: Factor analysis or principal components for «items=18..40» items?
            - a: Varimax or oblique rotation for correlated factors
            - a: Items load on two factors
            - c: Heywood case: a communality greater than one
            - b: «Exploratory|Confirmatory» factor model with «150..400» answers fits badly
            """,
            says="""
            - a: The questionnaire has «items=18..40» items, which should measure «three|four»
              things. After an oblique rotation, «five|six» items load on two of them.
            - b: In a confirmatory model the fit indices are poor (RMSEA 0.0«91..99»), although each
              item loads where it should.
            - c: One item has a communality above one and the program prints a warning.
            """,
            more="""
            - The factors are correlated at about 0.«35..60».
            - a: Parallel analysis suggests one factor less than our theory.
            """,
            asks="""
            - ac: Should I remove such items?
            - a: What is the difference in practice between the two approaches?
            - b: May I free some of the error covariances, or is that fishing?
            """,
            r="""
            library(psych)
            fa(items, nfactors = 4, rotate = "oblimin", fm = "ml")
            """,
            intro=False,
            code_for="r ac",
        ),
        Problem(
            tags="tsne .85, data-visualization .4, umap .3",
            titles="""
            - a: Do distances between islands in a t-SNE map mean anything?
            - a: t-SNE map of «units» changes with perplexity
            - a: Is clustering on a two-dimensional embedding of «units» «legitimate|a bad idea»?
            - b: Adding new «units» to an existing t-SNE map
            """,
            says="""
            - a: A t-SNE map of the «units» shows lovely islands. With perplexity «5|10» there are
              dozens, with 50 there are «three|four».
            - b: I would like to place new «units» on an existing map, but the method gives me no
              function to do so.
            """,
            more="""
            - The colours on the map show «group», and most islands are mixed.
            - UMAP draws other islands from the same data.
            """,
            asks="""
            - a: What may be read off such a picture?
            - a: How can I show it without misleading people?
            - b: Is there a sensible way round it?
            """,
            python="""
            for perplexity in (5, 30, 50):
                xy = TSNE(perplexity=perplexity, random_state=1).fit_transform(X)
                plt.scatter(*xy.T, s=4, c=df["«group_name»"].cat.codes)
            """,
            code_for="python a",
        ),
        Problem(
            tags="a:canonical-correlation .7, b:correspondence-analysis .75, c:manova .75,"
            " multivariate-analysis .5",
            titles="""
            - a: Relating a set of «8..14» soil variables to a set of «5..9» yields
            - b: Reading the axes of a correspondence analysis of «documents»
            - c: Multivariate test for several outcomes of «treatment» at once
            """,
            says="""
            - a: I have two blocks of variables about the same «units» and want to know what they
              have in common. The first pair of canonical variates correlates at 0.9«1..7», which I
              do not trust with «n» rows.
            - b: I have a table of words by «groups» and plotted both in the same plane. People
              conclude from the distance between a word and «a group» how much they belong together.
            - c: «Treatment» may act on «outcome», «x» and «z» together. Instead of three tests I
              would like to do one.
            """,
            more="""
            - c: Pillai's trace and Wilks' lambda come to slightly different conclusions.
            """,
            asks="""
            - ab: How can I protect myself against overinterpreting it?
            - Is there a better method for this size of data?
            """,
        ),
    ),
    details="""
    - All variables are standardised.
    - The variables fall into natural blocks, but I have not used that.
    - There are about ten times as many rows as variables.
    """,
    tried="""
    - the scree plot, the Kaiser rule and parallel analysis
    - leaving out one variable at a time
    - a robust covariance matrix
    - an autoencoder, for fun
    """,
    aside="""
    - I reduced the variables to «three|four» principal components beforehand.
    """,
    aside_tags="pca .5",
)

SPATIAL = Topic(
    name="spatial statistics",
    weight=2.2,
    tags="spatial .88",
    problems=(
        Problem(
            tags="kriging .75, variogram .55, interpolation .35",
            titles="""
            - a: Variogram of «outcome» has a «huge|large» nugget
            - Kriging «outcome» between «n» «units»
            - b: Variogram never levels off: trend or long range?
            - a: Kriging variance is almost constant: why?
            """,
            says="""
            - a: I interpolate «outcome» between the places of the «units». The empirical variogram
              starts at more than half of the sill, so the map is nearly flat.
            - b: The variogram keeps rising up to the largest distance. Either there is a trend
              across the area, or the range is greater than the area.
            """,
            more="""
            - The «units» are clustered around the town, with wide gaps elsewhere.
            - Elevation explains a part of it.
            """,
            asks="""
            - b: Should I remove a trend first?
            - Which model would you fit to such a variogram?
            """,
            r="""
            library(gstat)
            v <- variogram(«y» ~ 1, locations = ~ east + north, data = d)
            fit <- fit.variogram(v, vgm("Exp"))
            plot(v, fit)
            """,
        ),
        Problem(
            tags="a:autocorrelation .5, a:morans-i .55, a:regression .35, b:cross-validation .6",
            titles="""
            - a: Moran's I of the residuals is significant: now what?
            - a: Neighbouring «units» are alike: how do I correct for it?
            - a: Choice of neighbours for a spatial lag model of «outcome»
            - b: Cross-validation with «units» that lie close together
            """,
            says="""
            - a: I regress «outcome» on «x», and the residuals on the map form patches: neighbours
              are alike. Moran's I is 0.«18..44».
            - b: My model predicts well when the test «units» are picked at random and badly for a
              part of the map that it has not seen.
            """,
            more="""
            - a: As neighbours I took everything within «2..9» km.
            - a: The lag and the error model give different slopes for «x».
            """,
            asks="""
            - a: Which of the spatial regression models fits this situation?
            - b: How should the folds be made?
            """,
            r="""
            nb <- knn2nb(knearneigh(coordinates(sp), k = 6))
            moran.test(resid(fit), nb2listw(nb))
            """,
            code_for="r a",
        ),
        Problem(
            tags="point-process .65, poisson-process .4, density-estimation .3",
            titles="""
            - a: Are «event» locations clustered or do they just follow the population?
            - b: Bandwidth for a density map of «event»
            - a: Ripley's K for an area with holes
            """,
            says="""
            - a: On the map, «event» locations look clustered, but so do people. I want to know
              whether there is more clustering than the population explains.
            - b: The density map shows one hot spot or a dozen, depending on the bandwidth.
            """,
            more="""
            - The area has a lake in the middle, where nothing can happen.
            """,
            asks="""
            - a: Against which null model should I compare?
            - b: Is there an objective choice of bandwidth?
            """,
        ),
    ),
    details="""
    - Coordinates are in metres, and the area is about «20..80» km across.
    - Maps were made from the centre points of the «groups», which is a simplification.
    """,
    tried="""
    - inverse distance weighting
    - a smooth surface of the coordinates in a `gam`
    - adding «group» as a fixed effect
    """,
    aside="""
    - The «units» have coordinates, and neighbours are probably alike; I ignore this spatial side
      for now.
    """,
    aside_tags="spatial .5",
)

TOPICS = (CLUSTERING, COMPONENTS, SPATIAL)
